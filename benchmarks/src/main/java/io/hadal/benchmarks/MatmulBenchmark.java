package io.hadal.benchmarks;

import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * {@link Kernels#matmul} on one thread for every storage type. An operation is one chunk of rows,
 * as the worker pool hands them out; successive operations walk through a set of matrices that is
 * larger than the caches, as decoding does.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0",
      "-XX:MaxTrivialSize=400",
      "-XX:MaxNodeLimit=160000",
      "-XX:NodeLimitFudgeFactor=4000",
      "-XX:PerMethodTrapLimit=500",
      "-XX:PerBytecodeTrapLimit=50"
    })
@State(Scope.Thread)
public class MatmulBenchmark {
  private static final int COLS = 4096;
  private static final int CHUNK_ROWS = 128;

  @Param({
    "F32",
    "F16",
    "BF16",
    "F8_E4M3",
    "FP4_E2M1",
    "Q4_0",
    "Q4_1",
    "Q5_0",
    "Q5_1",
    "Q8_0",
    "Q2_K",
    "Q3_K",
    "Q4_K",
    "Q5_K",
    "Q6_K",
    "IQ2_XXS",
    "IQ2_XS",
    "IQ3_XXS",
    "IQ4_NL",
    "IQ4_XS",
    "MXFP4"
  })
  StorageType type = StorageType.F32;

  @Param({"1", "8"})
  int tokens = 1;

  /** Weights to walk through, in MiB. */
  @Param("256")
  int weightsMiB = 256;

  private Kernels kernels = Kernels.get();
  private Matrix weights = placeholder();
  private float[] x = new float[0];
  private float[] y = new float[0];
  private int nextRow;

  /** Work done, so that JMH reports it per second beside the operations. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {
    /** Stored bytes of weights read. */
    public long bytes;

    /** Floating-point operations: two per weight and token. */
    public long flop;

    @Setup(Level.Iteration)
    public void clear() {
      bytes = 0;
      flop = 0;
    }
  }

  private static Matrix placeholder() {
    return RandomMatrix.create(Arena.ofAuto(), StorageType.F32, 1, 1, 0);
  }

  @Setup
  public void create() {
    long rowBytes = type.bytes(COLS);
    int rows = Math.toIntExact(((long) weightsMiB << 20) / rowBytes / CHUNK_ROWS) * CHUNK_ROWS;
    weights = RandomMatrix.create(Arena.ofAuto(), type, rows, COLS, 1);
    SplittableRandom random = new SplittableRandom(2);
    x = new float[tokens * COLS];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextDouble(-1, 1);
    }
    y = new float[tokens * rows];
  }

  /** One chunk of rows; the caller's outputs are read by nobody, so they are returned. */
  @Benchmark
  public float[] matmul(Work work) {
    int from = nextRow;
    int to = from + CHUNK_ROWS;
    kernels.matmul(weights, from, to, x, 0, COLS, tokens, y, 0, weights.rows());
    nextRow = to == weights.rows() ? 0 : to;
    work.bytes += (long) CHUNK_ROWS * weights.rowBytes();
    work.flop += 2L * CHUNK_ROWS * COLS * tokens;
    return y;
  }
}
