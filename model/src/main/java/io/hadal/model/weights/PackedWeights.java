package io.hadal.model.weights;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.WorkerPool;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Packed forms of a model's matrices, made when they are first asked for. Engines of one model
 * share them.
 */
public final class PackedWeights implements AutoCloseable {
  /** Groups of rows that one task packs. */
  private static final int GROUPS = 8;

  private final Arena arena = Arena.ofShared();
  private final Map<Matrix, PackedMatrix> packed = new IdentityHashMap<>();
  private long bytes;

  /** The packed form of one matrix; packs it when there is none. */
  public synchronized PackedMatrix get(Matrix w, WorkerPool pool) {
    PackedMatrix found = packed.get(w);
    if (found == null) {
      pack(List.of(w), pool);
      found = packed.get(w);
    }
    if (found == null) {
      throw new IllegalStateException(w + " was not packed");
    }
    return found;
  }

  /** Packs those matrices that are not packed yet, all in one parallel region. */
  public synchronized void require(List<Matrix> matrices, WorkerPool pool) {
    List<Matrix> missing = null;
    for (Matrix w : matrices) {
      if (!packed.containsKey(w)) {
        missing = missing == null ? new ArrayList<>() : missing;
        missing.add(w);
      }
    }
    if (missing != null) {
      pack(missing, pool);
    }
  }

  private void pack(List<Matrix> matrices, WorkerPool pool) {
    List<Job> jobs = new ArrayList<>();
    for (Matrix w : matrices) {
      PackedMatrix target = PackedMatrix.allocate(w, arena);
      for (int g = 0; g < target.groups(); g += GROUPS) {
        jobs.add(new Job(w, target, g, Math.min(target.groups(), g + GROUPS)));
      }
    }
    pool.run(
        jobs.size(),
        (task, worker) -> {
          Job job = jobs.get(task);
          job.target.pack(job.w, job.from, job.to);
        });
    for (Job job : jobs) {
      if (packed.putIfAbsent(job.w, job.target) == null) {
        bytes += job.target.data().byteSize();
      }
    }
  }

  private record Job(Matrix w, PackedMatrix target, int from, int to) {}

  /** The packed form, if there is one. */
  public synchronized @Nullable PackedMatrix find(Matrix w) {
    return packed.get(w);
  }

  /** Bytes of all packed forms. */
  public synchronized long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    arena.close();
  }
}
