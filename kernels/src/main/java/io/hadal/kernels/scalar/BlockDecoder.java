package io.hadal.kernels.scalar;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** A decoder for types whose blocks carry their own scales. */
abstract class BlockDecoder implements RowDecoder {
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final StorageType type;

  BlockDecoder(StorageType type) {
    this.type = type;
  }

  /** Decodes the block that starts at byte {@code at}. */
  abstract void block(MemorySegment data, long at, float[] out, int o);

  @Override
  public final void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    int elements = type.blockElements();
    MemorySegment data = w.data();
    long at = w.rowBytes() * row + (long) (from / elements) * type.blockBytes();
    for (int done = 0; done < count; done += elements) {
      block(data, at, out, outOffset + done);
      at += type.blockBytes();
    }
  }

  static int u8(MemorySegment data, long at) {
    return data.get(ValueLayout.JAVA_BYTE, at) & 0xff;
  }

  static float f16(MemorySegment data, long at) {
    return Float.float16ToFloat(data.get(SHORT, at));
  }
}
