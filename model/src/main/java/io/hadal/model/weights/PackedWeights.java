package io.hadal.model.weights;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.MatrixPages;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.PackedMemory;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.packed.PackedFile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Packed forms of a model's matrices: mapped from a side file where there is one, else made in
 * memory when they are first asked for. Engines of one model share them.
 */
public final class PackedWeights implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.hadal.model");

  /** Groups of rows that one task packs. */
  private static final int GROUPS = 8;

  private final PackedMemory memory = new PackedMemory();
  private final Map<Matrix, PackedMatrix> packed = new IdentityHashMap<>();
  private volatile Map<Matrix, String> stored = Map.of();
  private volatile boolean packing = true;
  private @Nullable PackedFile file;
  private boolean complained;
  private long bytes;

  /**
   * Takes matrices from a side file from now on, which is closed with this.
   *
   * @param names of the model's packable matrices, as {@link PackableMatrices} gives them
   */
  public synchronized void use(PackedFile from, Map<String, Matrix> names) {
    if (file != null) {
      throw new IllegalStateException("packed weights come from " + file.path() + " already");
    }
    Map<Matrix, String> there = new IdentityHashMap<>();
    names.forEach(
        (name, w) -> {
          if (from.has(name, w)) {
            there.put(w, name);
          }
        });
    file = from;
    stored = Collections.unmodifiableMap(there);
  }

  /** The side file in use; null without. */
  public synchronized @Nullable PackedFile file() {
    return file;
  }

  /**
   * Packs nothing into memory from now on, because the weights may exceed it: what no side file
   * holds is not {@linkplain #provides provided}.
   *
   * @return false when that was so before
   */
  public synchronized boolean streamOnly() {
    boolean before = packing;
    packing = false;
    return before;
  }

  /** True when a matrix has a packed form here or can be given one. */
  public boolean provides(Matrix w) {
    return PackedMatrix.packable(w) && (packing || stored.containsKey(w));
  }

  /** True when the side file holds a matrix. */
  public boolean isStored(Matrix w) {
    return stored.containsKey(w);
  }

  /** The packed form of one matrix; packs it when there is none. */
  public synchronized PackedMatrix get(Matrix w, WorkerPool pool) {
    PackedMatrix found = packed.get(w);
    if (found == null) {
      require(List.of(w), pool);
      found = packed.get(w);
    }
    if (found == null) {
      throw new IllegalStateException(w + " was not packed");
    }
    return found;
  }

  /** Maps or packs those matrices that are not there yet, all in one parallel region. */
  public synchronized void require(List<Matrix> matrices, WorkerPool pool) {
    List<Matrix> missing = null;
    for (Matrix w : matrices) {
      if (!packed.containsKey(w)) {
        missing = missing == null ? new ArrayList<>() : missing;
        missing.add(w);
      }
    }
    if (missing != null) {
      pack(unmapped(missing, pool), pool);
    }
  }

  /** Takes matrices from the side file; returns those that it does not hold or holds damaged. */
  private List<Matrix> unmapped(List<Matrix> matrices, WorkerPool pool) {
    PackedFile from = file;
    if (from == null) {
      return matrices;
    }
    // A checksum is one thread's work.
    @Nullable PackedMatrix[] mapped = new PackedMatrix[matrices.size()];
    pool.run(
        mapped.length,
        (task, worker) -> {
          Matrix w = matrices.get(task);
          String name = stored.get(w);
          mapped[task] = name == null ? null : from.find(name, w);
        });
    List<Matrix> rest = new ArrayList<>();
    for (int i = 0; i < mapped.length; i++) {
      Matrix w = matrices.get(i);
      PackedMatrix found = mapped[i];
      if (found != null) {
        packed.putIfAbsent(w, found);
        continue;
      }
      rest.add(w);
      if (stored.containsKey(w) && !complained) {
        complained = true;
        LOG.log(
            System.Logger.Level.WARNING,
            from.path()
                + " is damaged, first in "
                + stored.get(w)
                + "; damaged matrices are packed into memory. `hadal pack -m MODEL --force` writes"
                + " the file anew");
      }
    }
    return rest;
  }

  private void pack(List<Matrix> matrices, WorkerPool pool) {
    List<Job> jobs = new ArrayList<>();
    for (Matrix w : matrices) {
      PackedMatrix target = PackedMatrix.over(w, memory.allocate(PackedMatrix.bytes(w)));
      for (int g = 0; g < target.groups(); g += GROUPS) {
        jobs.add(new Job(w, target, g, Math.min(target.groups(), g + GROUPS)));
      }
    }
    if (jobs.isEmpty()) {
      return;
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
        // One copy is enough: the stored form is read from its file when it is needed again.
        MatrixPages.release(job.w);
      }
    }
  }

  private record Job(Matrix w, PackedMatrix target, int from, int to) {}

  /** The packed form, if there is one. */
  public synchronized @Nullable PackedMatrix find(Matrix w) {
    return packed.get(w);
  }

  /** Bytes of all packed forms in memory; those of a side file are not among them. */
  public synchronized long bytes() {
    return bytes;
  }

  /** Gives the memory back; again is harmless. */
  @Override
  public synchronized void close() {
    memory.close();
    PackedFile from = file;
    file = null;
    if (from != null) {
      from.close();
    }
  }
}
