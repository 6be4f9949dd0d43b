package io.hadal.model.engram;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorLocation;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The tensors that hold a table, checked against its size. Four arrangements (engram spec 9):
 *
 * <ul>
 *   <li>one tensor {@code [rows, width]} of a type whose blocks carry their scales;
 *   <li>E4M3 codes {@code [rows, width]} or E2M1 codes {@code [rows, width / 2]} beside UE8M0
 *       scales {@code [rows, width / 32]};
 *   <li>bytes {@code [rows, width + width / 32]}: the E4M3 codes of a row, then its scales;
 *   <li>bytes {@code [rows, width / 256 * 144]}: the Q4_K blocks of a row.
 * </ul>
 */
public final class TableLayout {
  private static final StorageType Q4K = StorageType.Q4_K;

  /** Codes and scales, as safetensors and as GGUF name them. */
  private static final Pattern TENSOR = Pattern.compile("engram\\.embed\\.|engram_embd\\.");

  final String name;
  final TableFormat format;
  final int rows;
  private final StoredTensor codes;
  private final @Nullable StoredTensor scales;
  private final TensorLocation codesLocation;
  private final @Nullable TensorLocation scalesLocation;

  private TableLayout(
      TensorStore store,
      StoredTensor codes,
      @Nullable StoredTensor scales,
      StorageType type,
      int rows,
      int width) {
    this.name = codes.name();
    this.format = new TableFormat(type, width);
    this.rows = rows;
    this.codes = codes;
    this.scales = scales;
    this.codesLocation = store.fileOf(codes.name());
    this.scalesLocation = scales == null ? null : store.fileOf(scales.name());
  }

  /**
   * Finds out how a table is stored.
   *
   * @param name the store's name of the tensor of codes
   * @param scaleName the store's name of the tensor of scales, which may be missing
   * @param rows rows that the hash constants need
   * @param width values in a row
   * @throws FormatException when a tensor is missing, too short or of another shape or type
   */
  public static TableLayout of(
      TensorStore store, String name, String scaleName, int rows, int width) {
    StoredTensor codes = store.get(name);
    if (rows < 1 || width < 1) {
      throw error(store, name, "an empty table of " + rows + " rows of " + width);
    }
    int scaleWidth = (width + 31) / 32;
    boolean bytes = codes.type() == StorageType.I8 || codes.type() == StorageType.U8;
    if (bytes && isShape(codes, rows, width + (long) scaleWidth)) {
      return new TableLayout(store, codes, null, StorageType.F8_E4M3, rows, width);
    }
    if (bytes && width % Q4K.blockElements() == 0 && isShape(codes, rows, Q4K.bytes(width))) {
      return new TableLayout(store, codes, null, Q4K, rows, width);
    }
    StorageType type = bytes ? StorageType.FP4_E2M1 : codes.type();
    if (!type.isMatrixWeight() || width % type.blockElements() != 0) {
      throw error(store, name, "rows of " + width + " values stored as " + codes.type());
    }
    requireShape(store, codes, rows, bytes ? width / 2 : width);
    if (type != StorageType.F8_E4M3 && type != StorageType.FP4_E2M1) {
      return new TableLayout(store, codes, null, type, rows, width);
    }
    StoredTensor scales = store.get(scaleName);
    if (scales.type() != StorageType.F8_E8M0 && scales.type() != StorageType.U8) {
      throw error(store, scaleName, "scales stored as " + scales.type() + ", not as F8_E8M0");
    }
    requireShape(store, scales, rows, scaleWidth);
    return new TableLayout(store, codes, scales, type, rows, width);
  }

  private static boolean isShape(StoredTensor tensor, long rows, long width) {
    return tensor.shape().equals(List.of(rows, width));
  }

  private static void requireShape(TensorStore store, StoredTensor tensor, int rows, int width) {
    if (!isShape(tensor, rows, width)) {
      throw error(
          store,
          tensor.name(),
          "shape " + tensor.shape() + ", the configuration asks for [" + rows + ", " + width + "]");
    }
  }

  private static FormatException error(TensorStore store, String tensor, String message) {
    return new FormatException(
        store.source().toString(),
        "Engram table " + tensor + " has " + message + "; check the Engram configuration");
  }

  /** True for the tensors of a table, codes or scales, in the naming of any format. */
  public static boolean isTable(String tensor) {
    return TENSOR.matcher(tensor).find();
  }

  /** Rows of the table. */
  public int rows() {
    return rows;
  }

  /** Values in a row. */
  public int width() {
    return format.width();
  }

  /** Stored bytes of the whole table, scales included. */
  public long byteSize() {
    return (long) rows * format.rowBytes();
  }

  /** Whether a row's scales follow its codes directly. */
  boolean interleaved() {
    return format.scaleBytes() > 0 && scales == null;
  }

  MemorySegment codes() {
    return codes.data();
  }

  /** Separate scales; the codes where there are none. */
  MemorySegment scales() {
    return scales == null ? codes.data() : scales.data();
  }

  TensorLocation codesLocation() {
    return codesLocation;
  }

  @Nullable TensorLocation scalesLocation() {
    return scalesLocation;
  }
}
