import { copyOf } from './copy-of.ts';
import { GraphEditor } from './graph-editor.ts';
import { GraphProtoSchema, ModelProtoSchema } from './onnx_pb.ts';
import type { OnnxModel } from './read-onnx.ts';
import { valuesUsedBy } from './sort-nodes.ts';

/**
 * Leaves of a graph what one of its outputs needs: the nodes and weights that it is computed of, and the inputs that
 * these read. Of a file with both towers of a model that is one of them. A graph that needs all it has comes back as it
 * was.
 */
export function keepOutput(model: OnnxModel, output: string): OnnxModel {
  const { graph } = model;
  const outputs = graph.output.filter(({ name }) => name === output);
  const narrowed = Object.assign(copyOf(ModelProtoSchema, model, {}), {
    graph: copyOf(GraphProtoSchema, graph, { output: outputs }),
  });
  const kept = new GraphEditor(narrowed).finish();
  const used = new Set(kept.graph.node.flatMap(valuesUsedBy));
  const input = kept.graph.input.filter(({ name }) => used.has(name));
  const isWhole =
    kept.graph.node.length === graph.node.length &&
    input.length === graph.input.length &&
    outputs.length === graph.output.length;
  if (isWhole) return model;
  return Object.assign(copyOf(ModelProtoSchema, kept, {}), {
    graph: copyOf(GraphProtoSchema, kept.graph, { input }),
  });
}
