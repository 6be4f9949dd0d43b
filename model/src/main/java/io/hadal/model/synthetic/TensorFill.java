package io.hadal.model.synthetic;

import io.hadal.formats.weights.TensorWriter;
import io.hadal.kernels.RandomBlocks;
import io.hadal.kernels.RowEncoder;
import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
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

  void vector(
      String name,
      StorageType type,
      int values,
      SyntheticTensor.Around around,
      SplittableRandom random) {
    float[] x = new float[values];
    for (int i = 0; i < x.length; i++) {
      x[i] = around.centre() + around.spread() * (2 * random.nextFloat() - 1);
    }
    byte[] stored = new byte[Math.toIntExact(type.bytes(values))];
    RowEncoder.encode(type, x, 0, values, MemorySegment.ofArray(stored), 0);
    writer.write(name, stored);
    progress.accept(stored.length);
  }

  /** Distinct numbers in every row, of type I32 or I64. */
  void choices(String name, SyntheticTensor t, int limit, SplittableRandom random) {
    long[] all = new long[Math.multiplyExact(t.rows(), t.cols())];
    for (int from = 0; from < all.length; from += t.cols()) {
      for (int i = from; i < from + t.cols(); ) {
        all[i] = random.nextInt(limit);
        if (isNew(all, from, i)) {
          i++;
        }
      }
    }
    if (t.type() == StorageType.I64) {
      writer.write(name, all);
    } else {
      writer.write(name, Arrays.stream(all).mapToInt(Math::toIntExact).toArray());
    }
    progress.accept(t.type().bytes(all.length));
  }

  private static boolean isNew(long[] all, int from, int at) {
    for (int before = from; before < at; before++) {
      if (all[before] == all[at]) {
        return false;
      }
    }
    return true;
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
