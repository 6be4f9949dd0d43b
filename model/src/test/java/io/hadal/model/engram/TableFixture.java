package io.hadal.model.engram;

import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.GgufWriter;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** A table of random finite rows in a file, one for every way of storing it. */
final class TableFixture {
  enum Kind {
    F32,
    BF16,
    F8_E4M3,
    FP4_E2M1,
    INTERLEAVED,
    Q8_0,
    Q4_K,
    MXFP4
  }

  static final String NAME = "blk.1.engram_embd.weight";
  static final String SCALE = "blk.1.engram_embd.scale";
  static final int ROWS = 300;

  final int width;
  final byte[] codes;
  final byte[] scales;
  private final Kind kind;

  TableFixture(Kind kind, int width, long seed) {
    this.kind = kind;
    this.width = width;
    Random random = new Random(seed);
    this.codes = new byte[Math.toIntExact(type().bytes((long) ROWS * width))];
    random.nextBytes(codes);
    for (int i = 0; i < codes.length; i++) {
      // Without its high bits no byte is part of a NaN or an infinity.
      codes[i] = kind == Kind.FP4_E2M1 ? codes[i] : (byte) (codes[i] & 0xbf);
    }
    this.scales = new byte[ROWS * scaleWidth()];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = (byte) (120 + random.nextInt(14));
    }
  }

  private StorageType type() {
    return kind == Kind.INTERLEAVED ? StorageType.F8_E4M3 : StorageType.valueOf(kind.name());
  }

  private int scaleWidth() {
    return switch (kind) {
      case F8_E4M3, FP4_E2M1, INTERLEAVED -> (width + 31) / 32;
      default -> 0;
    };
  }

  /** Values of the rows, decoded from memory. */
  float[] expected(int... rows) {
    MemorySegment data = MemorySegment.ofArray(codes);
    Matrix matrix =
        scaleWidth() == 0
            ? Matrix.of(type(), data, ROWS, width)
            : Matrix.scaled(
                type(),
                data,
                ROWS,
                width,
                new BlockScales(
                    StorageType.F8_E8M0, MemorySegment.ofArray(scales), 1, 32, scaleWidth()));
    float[] out = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      Kernels.get().dequantize(matrix, rows[i], 0, width, out, i * width);
    }
    return out;
  }

  /** Writes the table between two other tensors and opens the file. */
  TensorStore store(Path folder) {
    return switch (kind) {
      case F32, BF16, F8_E4M3, FP4_E2M1 -> safetensors(folder.resolve(kind + ".safetensors"));
      case INTERLEAVED, Q8_0, Q4_K, MXFP4 -> gguf(folder.resolve(kind + ".gguf"));
    };
  }

  private TensorStore safetensors(Path file) {
    boolean packed = kind == Kind.FP4_E2M1;
    SafetensorsWriter.Layout layout =
        SafetensorsWriter.layout()
            .tensor("before", StorageType.U8, 13)
            .tensor(NAME, packed ? StorageType.I8 : type(), ROWS, packed ? width / 2 : width);
    if (scales.length > 0) {
      layout.tensor(SCALE, StorageType.F8_E8M0, ROWS, scaleWidth());
    }
    try (SafetensorsWriter writer = layout.create(file)) {
      writer.write("before", new byte[13]);
      writer.write(NAME, codes);
      if (scales.length > 0) {
        writer.write(SCALE, scales);
      }
      writer.finish();
    }
    return Checkpoints.open(file);
  }

  private TensorStore gguf(Path file) {
    boolean bytes = kind == Kind.INTERLEAVED;
    GgufWriter.Layout layout =
        GgufWriter.layout()
            .tensor("before", StorageType.I8, 13)
            .tensor(NAME, bytes ? StorageType.I8 : type(), ROWS, bytes ? rowBytes() : width);
    try (GgufWriter writer = layout.create(file)) {
      writer.write("before", new byte[13]);
      writer.write(NAME, bytes ? interleaved() : codes);
      writer.finish();
    }
    return Checkpoints.open(file);
  }

  int rowBytes() {
    return codes.length / ROWS + scaleWidth();
  }

  private byte[] interleaved() {
    byte[] all = new byte[ROWS * rowBytes()];
    for (int r = 0; r < ROWS; r++) {
      System.arraycopy(codes, r * width, all, r * rowBytes(), width);
      System.arraycopy(scales, r * scaleWidth(), all, r * rowBytes() + width, scaleWidth());
    }
    return all;
  }

  TableLayout layout(TensorStore store) {
    return TableLayout.of(store, NAME, SCALE, ROWS, width);
  }

  /** Rows with repeats, in no order. */
  static int[] someRows(Random random, int count) {
    int[] rows = new int[count];
    Arrays.setAll(rows, i -> random.nextInt(random.nextInt(1, ROWS + 1)));
    return rows;
  }
}
