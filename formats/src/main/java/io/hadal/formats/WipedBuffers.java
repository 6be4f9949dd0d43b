package io.hadal.formats;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.util.BufferRecycler;
import tools.jackson.core.util.RecyclerPool;

/**
 * Buffers of JSON readers and writers that are used again. Each is overwritten when it is given
 * back, so that nothing of a document stays in memory behind its use.
 */
public final class WipedBuffers extends RecyclerPool.ConcurrentDequePoolBase<BufferRecycler> {
  private static final long serialVersionUID = 1L;

  public WipedBuffers() {
    super(SERIALIZATION_NON_SHARED);
  }

  @Override
  public BufferRecycler createPooled() {
    return new Wiping();
  }

  private static final class Wiping extends BufferRecycler {
    @Override
    public void releaseByteBuffer(int index, byte @Nullable [] buffer) {
      if (buffer != null) {
        Arrays.fill(buffer, (byte) 0);
        super.releaseByteBuffer(index, buffer);
      }
    }

    @Override
    public void releaseCharBuffer(int index, char @Nullable [] buffer) {
      if (buffer != null) {
        Arrays.fill(buffer, (char) 0);
        super.releaseCharBuffer(index, buffer);
      }
    }
  }
}
