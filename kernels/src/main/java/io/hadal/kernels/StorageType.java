package io.hadal.kernels;

/**
 * How numbers lie in memory: elements per block and bytes per block. The k-quant, i-quant and MX
 * types follow the GGML block layouts; {@link #F8_E4M3} and {@link #FP4_E2M1} carry their scales in
 * a tensor of their own ({@link BlockScales}).
 */
public enum StorageType {
  F64(1, 8),
  F32(1, 4),
  F16(1, 2),
  BF16(1, 2),
  F8_E4M3(1, 1),
  F8_E8M0(1, 1),
  /** Two codes a byte, low nibble = even column. */
  FP4_E2M1(2, 1),
  I64(1, 8),
  I32(1, 4),
  I16(1, 2),
  I8(1, 1),
  U8(1, 1),
  BOOL(1, 1),
  Q4_0(32, 18),
  Q4_1(32, 20),
  Q5_0(32, 22),
  Q5_1(32, 24),
  Q8_0(32, 34),
  Q2_K(256, 84),
  Q3_K(256, 110),
  Q4_K(256, 144),
  Q5_K(256, 176),
  Q6_K(256, 210),
  IQ2_XXS(256, 66),
  IQ2_XS(256, 74),
  IQ3_XXS(256, 98),
  IQ4_NL(32, 18),
  IQ4_XS(256, 136),
  MXFP4(32, 17);

  private final int blockElements;
  private final int blockBytes;

  StorageType(int blockElements, int blockBytes) {
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /** Elements that share one block; rows of a matrix hold whole blocks. */
  public int blockElements() {
    return blockElements;
  }

  /** Bytes of one block. */
  public int blockBytes() {
    return blockBytes;
  }

  /**
   * Bytes of {@code elements} consecutive elements.
   *
   * @throws IllegalArgumentException when the elements do not fill whole blocks
   * @throws ArithmeticException when the size does not fit a long
   */
  public long bytes(long elements) {
    if (elements < 0 || elements % blockElements != 0) {
      throw new IllegalArgumentException(
          elements + " elements do not fill blocks of " + blockElements + " (" + this + ")");
    }
    return Math.multiplyExact(elements / blockElements, (long) blockBytes);
  }

  /** True for types that a weight matrix of a linear layer may have. */
  public boolean isMatrixWeight() {
    return switch (this) {
      case F64, F8_E8M0, I64, I32, I16, I8, U8, BOOL -> false;
      default -> true;
    };
  }
}
