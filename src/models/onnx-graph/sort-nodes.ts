import type { NodeProto } from './onnx_pb.ts';

/** Names every value that a node reads, in the graphs inside it too. */
export function valuesUsedBy(node: NodeProto): string[] {
  const inside = node.attribute.flatMap(({ g }) => (g === undefined ? [] : g.node.flatMap(valuesUsedBy)));
  return [...node.input.filter((name) => name !== ''), ...inside];
}

/** Puts the nodes that `outputs` need into an order in which each value is computed before it is used. */
export function sortNodes(nodes: readonly NodeProto[], outputs: Iterable<string>): NodeProto[] {
  const producers = new Map(nodes.flatMap((node) => node.output.map((value) => [value, node] as const)));
  const sorted = new Set<NodeProto>();
  const visiting: { node: NodeProto; waiting: string[] }[] = [];
  const visit = (value: string): void => {
    const node = producers.get(value);
    if (node !== undefined && !sorted.has(node)) visiting.push({ node, waiting: valuesUsedBy(node) });
  };
  for (const output of outputs) {
    visit(output);
    // A stack of its own: a graph of many thousand nodes is deeper than the language's.
    for (let top = visiting.at(-1); top !== undefined; top = visiting.at(-1)) {
      const next = top.waiting.pop();
      if (next !== undefined) {
        visit(next);
        continue;
      }
      sorted.add(top.node);
      visiting.pop();
    }
  }
  return [...sorted];
}
