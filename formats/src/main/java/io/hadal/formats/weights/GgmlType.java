package io.hadal.formats.weights;

import io.hadal.kernels.StorageType;
import org.jspecify.annotations.Nullable;

/** Tensor types of GGUF files by their id, also those that Hadal cannot decode. */
public enum GgmlType {
  F32(0, StorageType.F32),
  F16(1, StorageType.F16),
  Q4_0(2, StorageType.Q4_0),
  Q4_1(3, StorageType.Q4_1),
  Q4_2(4),
  Q4_3(5),
  Q5_0(6, StorageType.Q5_0),
  Q5_1(7, StorageType.Q5_1),
  Q8_0(8, StorageType.Q8_0),
  Q8_1(9, 32, 36),
  Q2_K(10, StorageType.Q2_K),
  Q3_K(11, StorageType.Q3_K),
  Q4_K(12, StorageType.Q4_K),
  Q5_K(13, StorageType.Q5_K),
  Q6_K(14, StorageType.Q6_K),
  Q8_K(15, 256, 292),
  IQ2_XXS(16, StorageType.IQ2_XXS),
  IQ2_XS(17, StorageType.IQ2_XS),
  IQ3_XXS(18, StorageType.IQ3_XXS),
  IQ1_S(19, 256, 50),
  IQ4_NL(20, StorageType.IQ4_NL),
  IQ3_S(21, 256, 110),
  IQ2_S(22, 256, 82),
  IQ4_XS(23, StorageType.IQ4_XS),
  I8(24, StorageType.I8),
  I16(25, StorageType.I16),
  I32(26, StorageType.I32),
  I64(27, StorageType.I64),
  F64(28, StorageType.F64),
  IQ1_M(29, 256, 56),
  BF16(30, StorageType.BF16),
  Q4_0_4_4(31),
  Q4_0_4_8(32),
  Q4_0_8_8(33),
  TQ1_0(34, 256, 54),
  TQ2_0(35, 256, 66),
  IQ4_NL_4_4(36),
  IQ4_NL_4_8(37),
  IQ4_NL_8_8(38),
  MXFP4(39, StorageType.MXFP4),
  NVFP4(40, 64, 36);

  private static final GgmlType[] BY_ID = values();

  private final int id;
  private final int blockElements;
  private final int blockBytes;
  private final @Nullable StorageType storage;

  GgmlType(int id, StorageType storage) {
    this.id = id;
    this.blockElements = storage.blockElements();
    this.blockBytes = storage.blockBytes();
    this.storage = storage;
  }

  /** A type of known size without a decoder. */
  GgmlType(int id, int blockElements, int blockBytes) {
    this.id = id;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
    this.storage = null;
  }

  /** A type that was withdrawn from the format. */
  GgmlType(int id) {
    this(id, 0, 0);
  }

  /** The type of that id, or null when the id is unknown. */
  public static @Nullable GgmlType of(int id) {
    return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
  }

  /** The GGUF type of that layout, or null when GGUF has none. */
  public static @Nullable GgmlType of(StorageType storage) {
    for (GgmlType type : BY_ID) {
      if (type.storage == storage) {
        return type;
      }
    }
    return null;
  }

  /** Id in files. */
  public int id() {
    return id;
  }

  /** The layout for the kernels, or null when Hadal cannot decode it. */
  public @Nullable StorageType storage() {
    return storage;
  }

  /** Elements of a block, 0 when unknown. */
  public int blockElements() {
    return blockElements;
  }

  /** Bytes of a block, 0 when unknown. */
  public int blockBytes() {
    return blockBytes;
  }
}
