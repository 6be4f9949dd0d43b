package io.hadal.kernels.scalar;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import java.util.Objects;

/** The reference decoder of each storage type. */
public final class RowDecoders {
  private static final RowDecoder[] BY_TYPE = new RowDecoder[StorageType.values().length];

  static {
    for (StorageType type : StorageType.values()) {
      if (type.isMatrixWeight()) {
        BY_TYPE[type.ordinal()] = create(type);
      }
    }
  }

  private RowDecoders() {}

  public static RowDecoder of(StorageType type) {
    return Objects.requireNonNull(BY_TYPE[type.ordinal()]);
  }

  private static RowDecoder create(StorageType type) {
    return switch (type) {
      case F32 -> new F32Decoder();
      case F16 -> new F16Decoder();
      case BF16 -> new Bf16Decoder();
      case F8_E4M3 -> new F8E4M3Decoder();
      case FP4_E2M1 -> new Fp4E2M1Decoder();
      case Q4_0 -> new Q40Decoder();
      case Q4_1 -> new Q41Decoder();
      case Q5_0 -> new Q50Decoder();
      case Q5_1 -> new Q51Decoder();
      case Q8_0 -> new Q80Decoder();
      case Q2_K -> new Q2KDecoder();
      case Q3_K -> new Q3KDecoder();
      case Q4_K -> new Q4KDecoder();
      case Q5_K -> new Q5KDecoder();
      case Q6_K -> new Q6KDecoder();
      case IQ2_XXS -> new Iq2XxsDecoder();
      case IQ2_XS -> new Iq2XsDecoder();
      case IQ3_XXS -> new Iq3XxsDecoder();
      case IQ4_NL -> new Iq4NlDecoder();
      case IQ4_XS -> new Iq4XsDecoder();
      case MXFP4 -> new Mxfp4Decoder();
      case F64, F8_E8M0, I64, I32, I16, I8, U8, BOOL ->
          throw new IllegalArgumentException(type + " is no matrix type");
    };
  }

  /**
   * Decodes any range of columns: whole blocks straight to {@code out}, cut ones through a block of
   * scratch.
   */
  public static void decodeRange(
      RowDecoder decoder, Matrix w, int row, int from, int count, float[] out, int outOffset) {
    Objects.checkIndex(row, w.rows());
    Objects.checkFromIndexSize(from, count, w.cols());
    Objects.checkFromIndexSize(outOffset, count, out.length);
    int block = w.type().blockElements();
    int end = from + count;
    int firstWhole = Math.min(end, (from + block - 1) / block * block);
    int lastWhole = Math.max(firstWhole, end / block * block);
    if (firstWhole > from) {
      decodeCut(decoder, w, row, from, firstWhole, out, outOffset);
    }
    if (lastWhole > firstWhole) {
      decoder.decode(
          w, row, firstWhole, lastWhole - firstWhole, out, outOffset + firstWhole - from);
    }
    if (end > lastWhole) {
      decodeCut(decoder, w, row, lastWhole, end, out, outOffset + lastWhole - from);
    }
  }

  private static void decodeCut(
      RowDecoder decoder, Matrix w, int row, int from, int end, float[] out, int outOffset) {
    int block = w.type().blockElements();
    int start = from / block * block;
    float[] whole = new float[block];
    decoder.decode(w, row, start, block, whole, 0);
    System.arraycopy(whole, from - start, out, outOffset, end - from);
  }
}
