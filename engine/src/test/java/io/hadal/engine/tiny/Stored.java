package io.hadal.engine.tiny;

import io.hadal.formats.weights.TensorWriter;
import io.hadal.kernels.Bf16;
import io.hadal.kernels.StorageType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A tensor as a file shall hold it.
 *
 * @param data float[], int[], long[] or byte[]
 */
public record Stored(StorageType type, long[] shape, Object data) {

  static Stored floats(StorageType type, float[] values, long... shape) {
    return new Stored(type, shape, type == StorageType.BF16 ? bf16(values) : values);
  }

  private static byte[] bf16(float[] values) {
    ByteBuffer out = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float v : values) {
      out.putShort(Bf16.encode(v));
    }
    return out.array();
  }

  /** The same numbers under another shape. */
  public Stored reshaped(long... newShape) {
    return new Stored(type, newShape, data);
  }

  void write(TensorWriter to, String name) {
    switch (data) {
      case float[] v -> to.write(name, v);
      case int[] v -> to.write(name, v);
      case long[] v -> to.write(name, v);
      case byte[] v -> to.write(name, v);
      default -> throw new IllegalStateException(name);
    }
  }
}
