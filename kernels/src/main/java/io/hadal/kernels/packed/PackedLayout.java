package io.hadal.kernels.packed;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import org.jspecify.annotations.Nullable;

/**
 * How sixteen rows lie together in a packed matrix. Rows are grouped by sixteen; a group is a
 * sequence of units (a unit is the stored type's block, 32 or 256 columns), a unit a header and its
 * blocks of 32 columns. Every field of a block holds one element for each of the sixteen rows, side
 * by side, so a vector lane is a row and no product is ever summed across lanes.
 *
 * <p>Codes are planes of 32-bit words, one word a row. With k = 8 t + r, 0 &lt;= r &lt; 8, j = r /
 * 2 and p = r % 2:
 *
 * <ul>
 *   <li>nibbles: word t, bits 4 r;
 *   <li>pairs of bits: word t / 2, bits 8 j + 4 (t % 2) + 2 p;
 *   <li>single bits: bit 8 j + 2 t + p;
 *   <li>bytes: word k / 4, bits 8 (k % 4).
 * </ul>
 *
 * <p>Masks of {@code 0x0f0f0f0f} (and 3s or 1s) give four codes as bytes, for instructions that
 * multiply bytes; masks of {@code 0x000f000f} give two codes as 16-bit lanes.
 */
public enum PackedLayout {
  /** Nibbles, an E8M0 byte; halves of {@code DOUBLED_E2M1}. */
  E2M1(32, 0, 272, 256, Scale.E8M0),
  /** Signed bytes, f16. */
  Q8(32, 0, 544, 512, Scale.F16),
  /** Nibbles less 8, f16. */
  Q4(32, 0, 288, 256, Scale.F16),
  /** Nibbles, f16 scale and f16 minimum. */
  Q4_MIN(32, 0, 320, 256, Scale.F16_MIN),
  /** Nibbles and a bit less 16, f16. */
  Q5(32, 0, 352, 320, Scale.F16),
  /** Nibbles and a bit, f16 scale and f16 minimum. */
  Q5_MIN(32, 0, 384, 320, Scale.F16_MIN),
  /** Nibbles through the table of IQ4, f16. */
  IQ4(32, 0, 288, 256, Scale.F16),
  /** Nibbles; bytes of scale and minimum per 32; f16 both per 256. */
  Q4_K(256, 64, 288, 256, Scale.K32_MIN),
  /** Nibbles and a bit; bytes of scale and minimum per 32; f16 both per 256. */
  Q5_K(256, 64, 352, 320, Scale.K32_MIN),
  /** Nibbles and two bits less 32; two signed bytes of scale per 32; f16 per 256. */
  Q6_K(256, 32, 416, 384, Scale.K16),
  /** Two bits and a bit less 4; two signed bytes of scale per 32; f16 per 256. */
  Q3_K(256, 32, 224, 192, Scale.K16),
  /** Two bits; two bytes of scale and minimum nibbles per 32; f16 both per 256. */
  Q2_K(256, 64, 160, 128, Scale.K16_MIN),
  /** Nibbles through the table of IQ4; a signed byte of scale per 32; f16 per 256. */
  IQ4_K(256, 32, 272, 256, Scale.K32),
  /**
   * Bytes of grid index and bytes of signs, one each for 8 columns; in the header f16 and a nibble
   * of scale per 32.
   */
  IQ2_XXS(256, 96, 128, 128, Scale.HEADER_NIBBLES),
  /**
   * As {@link #IQ2_XXS}, but each block has two nibbles of scale; in their place the header has a
   * plane of ninth bits of index: bit 8 g + b for columns 8 g to 8 g + 7 of block b.
   */
  IQ2_XS(256, 96, 144, 128, Scale.NIBBLE_PAIR),
  /** Bytes of grid index for 4 columns (two words), bytes of signs for 8; scales as IQ2_XXS. */
  IQ3_XXS(256, 96, 192, 192, Scale.HEADER_NIBBLES);

  /** Where the scales of a block are. */
  enum Scale {
    E8M0,
    F16,
    F16_MIN,
    K32,
    K32_MIN,
    K16,
    K16_MIN,
    HEADER_NIBBLES,
    NIBBLE_PAIR
  }

  /** Rows that lie side by side. */
  public static final int GROUP = 16;

  private final int unit;
  private final int header;
  private final int blockBytes;
  private final int codeBytes;
  private final Scale scale;

  PackedLayout(int unit, int header, int blockBytes, int codeBytes, Scale scale) {
    this.unit = unit;
    this.header = header;
    this.blockBytes = blockBytes;
    this.codeBytes = codeBytes;
    this.scale = scale;
  }

  /** The layout that a matrix can be packed to; null when it stays as it is. */
  public static @Nullable PackedLayout of(Matrix w) {
    return switch (w.type()) {
      case MXFP4 -> E2M1;
      case FP4_E2M1 -> packable(w) ? E2M1 : null;
      case Q8_0 -> Q8;
      case Q4_0 -> Q4;
      case Q4_1 -> Q4_MIN;
      case Q5_0 -> Q5;
      case Q5_1 -> Q5_MIN;
      case IQ4_NL -> IQ4;
      case Q4_K -> Q4_K;
      case Q5_K -> Q5_K;
      case Q6_K -> Q6_K;
      case Q3_K -> Q3_K;
      case Q2_K -> Q2_K;
      case IQ4_XS -> IQ4_K;
      case IQ2_XXS -> IQ2_XXS;
      case IQ2_XS -> IQ2_XS;
      case IQ3_XXS -> IQ3_XXS;
      default -> null;
    };
  }

  private static boolean packable(Matrix w) {
    BlockScales scales = w.scales();
    return scales != null
        && scales.type() == StorageType.F8_E8M0
        && scales.tileCols() % 32 == 0
        && w.cols() % 32 == 0;
  }

  /** Columns of a unit. */
  public int unit() {
    return unit;
  }

  /** Bytes before the first block of a unit. */
  public int header() {
    return header;
  }

  /** Bytes of a block of 32 columns for sixteen rows. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Bytes of a block's codes, which come before its scales. */
  public int codeBytes() {
    return codeBytes;
  }

  public int unitBytes() {
    return header + unit / 32 * blockBytes;
  }

  Scale scale() {
    return scale;
  }

  /** True when a value has a minimum that is taken off. */
  public boolean hasMins() {
    return switch (scale) {
      case F16_MIN, K32_MIN, K16_MIN -> true;
      default -> false;
    };
  }

  /** True when columns 0 to 15 and 16 to 31 of a block have scales of their own. */
  public boolean halves() {
    return switch (scale) {
      case K16, K16_MIN, NIBBLE_PAIR -> true;
      default -> false;
    };
  }

  /** What an f16 scale is multiplied by, a power of two. */
  public float part() {
    return switch (this) {
      case IQ2_XXS, IQ2_XS -> 0.125f;
      case IQ3_XXS -> 0.25f;
      default -> 1;
    };
  }

  /** Bytes of sixteen rows. */
  public long groupBytes(int cols) {
    return (long) (cols / unit) * unitBytes();
  }
}
