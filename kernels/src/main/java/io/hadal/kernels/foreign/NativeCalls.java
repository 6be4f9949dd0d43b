package io.hadal.kernels.foreign;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.hadal.kernels.BlockInput;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The functions of the library. Calls are short, so heap arrays are passed as they are. */
final class NativeCalls {
  private static final MethodHandle SCRATCH =
      function("hadal_scratch", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_INT));

  private static final MethodHandle PRODUCT =
      function(
          "hadal_product",
          FunctionDescriptor.ofVoid(
              JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS,
              ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS,
              ADDRESS));

  private static final MethodHandle QUANTIZE =
      function(
          "hadal_quantize",
          FunctionDescriptor.ofVoid(
              ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS,
              ADDRESS));

  private static final MethodHandle GEMM_SCRATCH =
      function("hadal_gemm_scratch", FunctionDescriptor.of(JAVA_LONG));

  private static final MethodHandle GEMM =
      function(
          "hadal_gemm",
          FunctionDescriptor.ofVoid(
              JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS,
              JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS));

  private static final MethodHandle EXACT =
      function(
          "hadal_exact",
          FunctionDescriptor.ofVoid(
              JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT,
              JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG,
              JAVA_LONG));

  private NativeCalls() {}

  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker()
        .downcallHandle(
            NativeLibrary.symbols().findOrThrow(name), descriptor, Linker.Option.critical(true));
  }

  static long scratch(int blocks, int tokens) {
    try {
      return (long) SCRATCH.invokeExact(blocks, tokens);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  static void product(
      int features,
      int layout,
      MemorySegment w,
      long groupBytes,
      int rows,
      int blocks,
      BlockInput x,
      int fromToken,
      int tokens,
      float[] y,
      long yAt,
      long yStride,
      MemorySegment tables,
      MemorySegment scratch) {
    try {
      PRODUCT.invokeExact(
          features,
          layout,
          w,
          groupBytes,
          rows,
          blocks,
          x.height(),
          MemorySegment.ofArray(x.ordered()),
          MemorySegment.ofArray(x.scales()),
          MemorySegment.ofArray(x.sums()),
          fromToken,
          tokens,
          MemorySegment.ofArray(y),
          yAt,
          yStride,
          tables,
          scratch);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  static void quantize(byte[] order, BlockInput to, int t, float[] x, long xAt) {
    try {
      QUANTIZE.invokeExact(
          MemorySegment.ofArray(x),
          xAt,
          to.blocks(),
          MemorySegment.ofArray(order),
          to.height(),
          t,
          MemorySegment.ofArray(to.ordered()),
          MemorySegment.ofArray(to.scales()),
          MemorySegment.ofArray(to.sums()));
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  static long gemmScratch() {
    try {
      return (long) GEMM_SCRATCH.invokeExact();
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  static void gemm(
      int m,
      int n,
      int k,
      float[] a,
      long aAt,
      long aRow,
      long aCol,
      float[] b,
      long bAt,
      long bRow,
      long bCol,
      float[] c,
      long cAt,
      long cRow,
      boolean add,
      MemorySegment scratch) {
    try {
      GEMM.invokeExact(
          m,
          n,
          k,
          MemorySegment.ofArray(a),
          aAt,
          aRow,
          aCol,
          MemorySegment.ofArray(b),
          bAt,
          bRow,
          bCol,
          MemorySegment.ofArray(c),
          cAt,
          cRow,
          add ? 1 : 0,
          scratch);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  static void exact(
      int type,
      MemorySegment w,
      long rowBytes,
      int rows,
      int cols,
      float[] scales,
      int scaleRow,
      int tileRows,
      int tileCols,
      int tiles,
      float[] x,
      long xAt,
      long xStride,
      int tokens,
      float[] y,
      long yAt,
      long yStride) {
    try {
      EXACT.invokeExact(
          type,
          w,
          rowBytes,
          rows,
          cols,
          MemorySegment.ofArray(scales),
          scaleRow,
          tileRows,
          tileCols,
          tiles,
          MemorySegment.ofArray(x),
          xAt,
          xStride,
          tokens,
          MemorySegment.ofArray(y),
          yAt,
          yStride);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** Native functions throw nothing: only a closed arena or a mistaken signature gets here. */
  private static RuntimeException failed(Throwable e) {
    return e instanceof RuntimeException r ? r : new IllegalStateException(e);
  }
}
