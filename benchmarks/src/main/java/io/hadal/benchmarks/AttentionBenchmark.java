package io.hadal.benchmarks;

import io.hadal.kernels.BlockQuantizer;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Sinkhorn;
import io.hadal.kernels.TopK;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a layer computes beside its matrices, on one thread, in the shapes of one token of a
 * V4-Flash-like model: 64 heads of 512 values over 640 chosen entries, 32,768 scored ones, hidden
 * size 4,096, experts of 2,048, 4 streams.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
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
public class AttentionBenchmark {
  private static final int HEADS = 64;
  private static final int HEAD_SIZE = 512;
  private static final int ENTRIES = 640;
  private static final int SCORED = 32_768;
  private static final int CHOSEN = 512;
  private static final int HIDDEN = 4_096;
  private static final int EXPERT = 2_048;
  private static final int STREAMS = 4;
  private static final int SINKHORN_ROUNDS = 20;
  private static final int BLOCK = 64;

  private final Kernels kernels = Kernels.get();
  private final float[] queries = random(HEADS * HEAD_SIZE);
  private final float[] entries = random(ENTRIES * HEAD_SIZE);
  private final float[] weights = random(HEADS * ENTRIES);
  private final float[] scores = random(SCORED);
  private final float[] hidden = random(HIDDEN);
  private final float[] norm = random(HIDDEN);
  private final float[] gate = random(EXPERT);
  private final float[] up = random(EXPERT);
  private final float[] mixes = random(STREAMS * (STREAMS + 2));
  private final float[] mixBase = random(STREAMS * (STREAMS + 2));
  private final float[] mixScale = {0.5f, 0.5f, 0.5f};
  private final float[] pre = new float[STREAMS];
  private final float[] post = new float[STREAMS];
  private final float[] comb = new float[STREAMS * STREAMS];
  private final int[] chosen = new int[CHOSEN];
  private final float[] out = new float[HEADS * ENTRIES];
  private final MemorySegment codes = Arena.ofAuto().allocate(HEAD_SIZE);
  private final MemorySegment blockScales = Arena.ofAuto().allocate(HEAD_SIZE / BLOCK);

  private static float[] random(int n) {
    SplittableRandom random = new SplittableRandom(n);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextDouble(-1, 1);
    }
    return x;
  }

  /** Scores of all heads against the chosen entries. */
  @Benchmark
  public float[] dots() {
    kernels.dots(
        queries, 0, HEAD_SIZE, HEADS, entries, 0, HEAD_SIZE, ENTRIES, HEAD_SIZE, out, 0, ENTRIES);
    return out;
  }

  /** All heads' sums of the chosen entries. */
  @Benchmark
  public float[] weightedSums() {
    kernels.weightedSums(
        weights, 0, ENTRIES, HEADS, entries, 0, HEAD_SIZE, ENTRIES, HEAD_SIZE, out, 0, HEAD_SIZE);
    return out;
  }

  /** The best entries of a long context. */
  @Benchmark
  public int topK() {
    return TopK.select(scores, 0, SCORED, CHOSEN, chosen);
  }

  /** One hyper-connection site. */
  @Benchmark
  public float[] sinkhorn() {
    Sinkhorn.split(
        mixes, 0, mixScale, mixBase, STREAMS, SINKHORN_ROUNDS, 1e-6f, 0, pre, post, comb);
    return comb;
  }

  /** One normalisation of the hidden state. */
  @Benchmark
  public float[] rmsNorm() {
    kernels.rmsNorm(hidden, 0, HIDDEN, norm, 1e-6f, out, 0);
    return out;
  }

  /** The gate of one expert. */
  @Benchmark
  public float[] swiglu() {
    kernels.swiglu(gate, 0, up, 0, EXPERT, 10, 1, out, 0);
    return out;
  }

  /** One entry of a packed cache, written. */
  @Benchmark
  public MemorySegment packFp8() {
    BlockQuantizer.packFp8(queries, 0, HEAD_SIZE, BLOCK, codes, 0, blockScales, 0);
    return codes;
  }

  /** One entry of a packed cache, read; any bytes are codes. */
  @Benchmark
  public float[] unpackFp8() {
    BlockQuantizer.unpackFp8(codes, 0, blockScales, 0, HEAD_SIZE, BLOCK, out, 0);
    return out;
  }

  /** One entry of a packed index, written. */
  @Benchmark
  public MemorySegment packFp4() {
    BlockQuantizer.packFp4(queries, 0, HEAD_SIZE, BLOCK, codes, 0, blockScales, 0);
    return codes;
  }

  /** One entry of a packed index, read. */
  @Benchmark
  public float[] unpackFp4() {
    BlockQuantizer.unpackFp4(codes, 0, blockScales, 0, HEAD_SIZE, BLOCK, out, 0);
    return out;
  }
}
