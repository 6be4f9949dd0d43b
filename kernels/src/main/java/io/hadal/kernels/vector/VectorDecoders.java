package io.hadal.kernels.vector;

import io.hadal.kernels.StorageType;
import io.hadal.kernels.scalar.RowDecoder;
import io.hadal.kernels.scalar.RowDecoders;

/** The decoder of each storage type: vectors where they pay, else the reference. */
final class VectorDecoders {
  private static final RowDecoder[] BY_TYPE = new RowDecoder[StorageType.values().length];

  static {
    for (StorageType type : StorageType.values()) {
      if (type.isMatrixWeight()) {
        BY_TYPE[type.ordinal()] = Width.BITS >= 256 ? wide(type) : narrow(type);
      }
    }
  }

  private VectorDecoders() {}

  static RowDecoder of(StorageType type) {
    return BY_TYPE[type.ordinal()];
  }

  /** 128-bit vectors have no 32-bit byte vectors to widen from. */
  private static RowDecoder narrow(StorageType type) {
    return switch (type) {
      case F32 -> new F32VectorDecoder();
      case F16 -> new F16VectorDecoder();
      case BF16 -> new Bf16VectorDecoder();
      case IQ3_XXS -> new Iq3XxsVectorDecoder();
      default -> RowDecoders.of(type);
    };
  }

  private static RowDecoder wide(StorageType type) {
    return switch (type) {
      case F8_E4M3 -> new F8E4M3VectorDecoder();
      case FP4_E2M1 -> new Fp4E2M1VectorDecoder();
      case Q4_0 -> new Q40VectorDecoder();
      case Q8_0 -> new Q80VectorDecoder();
      case Q2_K -> new Q2KVectorDecoder();
      case Q3_K -> new Q3KVectorDecoder();
      case Q4_K -> new Q4KVectorDecoder();
      case Q5_K -> new Q5KVectorDecoder();
      case Q6_K -> new Q6KVectorDecoder();
      case IQ2_XXS -> new Iq2XxsVectorDecoder();
      case IQ2_XS -> new Iq2XsVectorDecoder();
      case IQ4_NL -> new Iq4NlVectorDecoder();
      case IQ4_XS -> new Iq4XsVectorDecoder();
      case MXFP4 -> new Mxfp4VectorDecoder();
      default -> narrow(type);
    };
  }
}
