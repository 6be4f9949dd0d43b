package io.hadal.kernels.foreign;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.hadal.kernels.ByteQueries;
import io.hadal.kernels.ByteScores;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Index scores of bytes in C: AVX-512 VNNI. */
public final class NativeByteScores implements ByteScores {
  private static final MethodHandle SCORES =
      Linker.nativeLinker()
          .downcallHandle(
              NativeLibrary.symbols().findOrThrow("hadal_byte_scores"),
              FunctionDescriptor.ofVoid(
                  ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT,
                  ADDRESS, JAVA_LONG, JAVA_LONG),
              Linker.Option.critical(true));

  @Override
  public void scores(
      ByteQueries q,
      int fromToken,
      int tokens,
      MemorySegment tile,
      int keys,
      float[] scores,
      int at,
      int stride) {
    try {
      SCORES.invokeExact(
          MemorySegment.ofArray(q.codes()),
          MemorySegment.ofArray(q.weights()),
          fromToken,
          tokens,
          q.heads(),
          q.padded(),
          tile,
          keys,
          MemorySegment.ofArray(scores),
          (long) at,
          (long) stride);
    } catch (Throwable e) {
      // Only a closed arena gets here.
      throw e instanceof RuntimeException r ? r : new IllegalStateException(e);
    }
  }
}
