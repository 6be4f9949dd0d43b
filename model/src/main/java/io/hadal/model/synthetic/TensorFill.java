package io.hadal.model.synthetic;

import io.hadal.formats.weights.TensorWriter;
import io.hadal.kernels.RandomBlocks;
import io.hadal.kernels.StorageType;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;

/** Makes up the numbers of tensors and hands them on in pieces. */
final class TensorFill {
  private static final int PIECE_BYTES = 1 << 20;

  private final TensorWriter writer;
  private final LongConsumer progress;
  private final SplittableRandom root;

  TensorFill(TensorWriter writer, long seed, LongConsumer progress) {
    this.writer = writer;
    this.root = new SplittableRandom(seed);
    this.progress = progress;
  }

  /** Random numbers of the next tensor; the order of calls decides which. */
  SplittableRandom next() {
    return root.split();
  }

  void vector(String name, int values, SyntheticTensor.Around around, SplittableRandom random) {
    float[] x = new float[values];
    for (int i = 0; i < x.length; i++) {
      x[i] = around.centre() + around.spread() * (2 * random.nextFloat() - 1);
    }
    writer.write(name, x);
    progress.accept((long) Float.BYTES * values);
  }

  void choices(String name, int rows, int cols, int limit, SplittableRandom random) {
    int[] row = new int[cols];
    int[] all = new int[Math.multiplyExact(rows, cols)];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        row[c] = random.nextInt(limit);
        for (int before = 0; before < c; before++) {
          if (row[before] == row[c]) {
            c--;
            break;
          }
        }
      }
      System.arraycopy(row, 0, all, r * cols, cols);
    }
    writer.write(name, all);
    progress.accept((long) Integer.BYTES * all.length);
  }

  void blocks(
      String name, StorageType type, long bytes, RandomBlocks blocks, SplittableRandom random) {
    int whole = PIECE_BYTES / type.blockBytes() * type.blockBytes();
    byte[] piece = new byte[(int) Math.min(whole, bytes)];
    for (long left = bytes; left > 0; left -= piece.length) {
      if (left < piece.length) {
        piece = new byte[(int) left];
      }
      blocks.fill(random, piece);
      writer.write(name, piece);
      progress.accept(piece.length);
    }
  }

  void scales(String name, long count, RandomBlocks blocks, SplittableRandom random) {
    byte[] scales = new byte[Math.toIntExact(count)];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = blocks.tileScale(random);
    }
    writer.write(name, scales);
    progress.accept(count);
  }
}
