/** How a matrix of weights lies in memory, row-major: [rows, columns]. */
export interface WeightLayout {
  readonly rows: number;
  readonly columns: number;
  /** Whether the output channels are the rows, not the columns. */
  readonly transposed: boolean;
}

/** A matrix in signed 8-bit integers, [depth, channels] row-major, and what each channel is to be multiplied by. */
export interface QuantizedChannels {
  readonly quantized: Int8Array<ArrayBuffer>;
  readonly scales: Float32Array<ArrayBuffer>;
}

/** Rounds weights to signed 8-bit integers, symmetrically, with one scale per output channel: its largest absolute value / 127. */
export function quantizeChannels(values: Float32Array, { rows, columns, transposed }: WeightLayout): QuantizedChannels {
  const [depth, channels] = transposed ? [columns, rows] : [rows, columns];
  // Index of an element in memory is depth index * depthStep + channel index * channelStep.
  const [depthStep, channelStep] = transposed ? [1, columns] : [columns, 1];
  const scales = new Float32Array(channels);
  for (let index = 0; index < depth; index += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const magnitude = Math.abs(values[index * depthStep + channel * channelStep] ?? 0);
      if (magnitude > (scales[channel] ?? 0)) scales[channel] = magnitude;
    }
  }
  for (let channel = 0; channel < channels; channel += 1) scales[channel] = (scales[channel] ?? 0) / 127 || 1;
  const quantized = new Int8Array(depth * channels);
  for (let index = 0; index < depth; index += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const value = values[index * depthStep + channel * channelStep] ?? 0;
      quantized[index * channels + channel] = Math.round(value / (scales[channel] ?? 1));
    }
  }
  return { quantized, scales };
}
