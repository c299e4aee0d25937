import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';

/**
 * Copies a message with some fields replaced; what it does not replace, unknown fields included, is shared with the
 * original.
 */
export function copyOf<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
  changes: Partial<MessageInitShape<Schema>>,
): MessageShape<Schema> {
  const copy = create(schema);
  return Object.assign(copy, message, changes);
}
