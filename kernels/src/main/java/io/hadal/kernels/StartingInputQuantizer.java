package io.hadal.kernels;

/** Vector kernels, and plain ones in their place while a {@link KernelGate} is held. */
final class StartingInputQuantizer implements InputQuantizer {
  private final InputQuantizer vector;
  private final InputQuantizer plain;

  StartingInputQuantizer(InputQuantizer vector, InputQuantizer plain) {
    this.vector = vector;
    this.plain = plain;
  }

  private InputQuantizer now() {
    return KernelGate.of(KernelGate.Operation.QUANTIZE).open() ? vector : plain;
  }

  @Override
  public void quantize(
      float[] x,
      int offset,
      int blocks,
      byte[] codes,
      int codesAt,
      float[] scales,
      int scalesAt,
      int[] sums,
      int sumsAt) {
    now().quantize(x, offset, blocks, codes, codesAt, scales, scalesAt, sums, sumsAt);
  }
}
