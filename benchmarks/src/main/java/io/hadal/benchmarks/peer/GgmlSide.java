package io.hadal.benchmarks.peer;

import io.hadal.formats.weights.GgmlType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** MUL_MAT or MUL_MAT_ID of ggml with weights in one of its buffer types. */
final class GgmlSide implements Side, AutoCloseable {
  private final Ggml ggml;
  private final String name;
  private final int outputs;
  private final List<MemorySegment> contexts = new ArrayList<>();
  private final List<MemorySegment> buffers = new ArrayList<>();
  private final List<MemorySegment> graphs = new ArrayList<>();
  private final List<MemorySegment> results = new ArrayList<>();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("ggml").daemon().factory());
  private boolean supported;
  private int last;

  /**
   * All buffer types that can do this work, the plain one first.
   *
   * @return empty when ggml does not know the storage type
   */
  static List<GgmlSide> all(Ggml ggml, Work work) {
    List<GgmlSide> sides = new ArrayList<>();
    GgmlType type = GgmlType.of(work.type());
    if (type == null) {
      return sides;
    }
    List<Ggml.BufferType> buffers = ggml.bufferTypes();
    for (Ggml.BufferType buffer : buffers) {
      GgmlSide side = new GgmlSide(ggml, buffers.getFirst(), buffer, type.id(), work);
      if (side.supported) {
        sides.add(side);
      } else {
        side.close();
      }
    }
    return sides;
  }

  private GgmlSide(Ggml ggml, Ggml.BufferType plain, Ggml.BufferType buffer, int type, Work work) {
    this.ggml = ggml;
    this.name = "ggml-" + buffer.name();
    this.outputs = work.tokens() * Math.max(1, work.used()) * work.rows();
    MemorySegment stored = context(work.units(), 0);
    List<MemorySegment> weights = new ArrayList<>();
    for (int i = 0; i < work.units(); i++) {
      weights.add(
          work.experts() == 0
              ? ggml.tensor(stored, type, work.cols(), work.rows())
              : ggml.tensor(stored, type, work.cols(), work.rows(), work.experts()));
    }
    if (!allocate(stored, buffer)) {
      return;
    }
    MemorySegment computed = context(2 + work.units(), work.units());
    MemorySegment x =
        work.experts() == 0
            ? ggml.f32(computed, work.cols(), work.tokens())
            : ggml.f32(computed, work.cols(), 1, work.tokens());
    @Nullable MemorySegment ids =
        work.experts() == 0 ? null : ggml.i32(computed, work.used(), work.tokens());
    for (MemorySegment w : weights) {
      results.add(ids == null ? ggml.mulMat(computed, w, x) : ggml.mulMatId(computed, w, x, ids));
    }
    if (!allocate(computed, plain) || !ggml.supports(results.getFirst())) {
      return;
    }
    supported = true;
    for (MemorySegment result : results) {
      graphs.add(ggml.graph(computed, result));
    }
    for (int i = 0; i < work.units(); i++) {
      ggml.set(weights.get(i), work.experts() == 0 ? work.matrix(i).data() : work.weights().data());
    }
    try (Arena arena = Arena.ofConfined()) {
      ggml.set(x, arena.allocateFrom(ValueLayout.JAVA_FLOAT, work.x()));
      if (ids != null) {
        int[] experts = new int[work.tokens() * work.used()];
        for (int i = 0; i < experts.length; i++) {
          experts[i] = work.expert(i / work.used(), i % work.used());
        }
        ggml.set(ids, arena.allocateFrom(ValueLayout.JAVA_INT, experts));
      }
    }
  }

  private MemorySegment context(int tensors, int graphCount) {
    MemorySegment context = ggml.context(tensors, graphCount);
    contexts.add(context);
    return context;
  }

  private boolean allocate(MemorySegment context, Ggml.BufferType type) {
    MemorySegment buffer = ggml.allocate(context, type);
    if (buffer == null) {
      return false;
    }
    buffers.add(buffer);
    return true;
  }

  @Override
  public String name() {
    return name;
  }

  /**
   * On a thread of its own: ggml sets the tiles of AMX up once for each thread and takes it for
   * granted that nobody else does, but Hadal's kernels release them when they are done. An
   * instruction on tiles that are not set up ends the process.
   */
  @Override
  public long run(int unit) {
    last = unit;
    MemorySegment graph = graphs.get(unit);
    try {
      return thread
          .submit(
              () -> {
                long start = CpuTime.now();
                ggml.compute(graph);
                return CpuTime.now() - start;
              })
          .get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("ggml has not computed", e);
    }
  }

  @Override
  public float[] output() {
    return ggml.get(results.get(last), outputs);
  }

  @Override
  public void close() {
    thread.shutdown();
    buffers.forEach(ggml::freeBuffer);
    contexts.forEach(ggml::freeContext);
    buffers.clear();
    contexts.clear();
  }
}
