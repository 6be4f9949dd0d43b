package io.hadal.engine;

import io.hadal.kernels.BackgroundThread;
import io.hadal.kernels.KernelGate;
import io.hadal.kernels.KernelTrial;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.Model;
import io.hadal.model.config.NumericMode;
import io.hadal.model.forward.MatrixUses;
import io.hadal.model.forward.ModelKernels;
import io.hadal.model.forward.ModelKernels.Need;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Makes an engine ready before it is asked: background threads run the kernels that its model needs
 * until they are compiled, choose among variants by time, and pack weights in the order of the
 * layers. A kernel that is not compiled yet is replaced by plain Java meanwhile, which computes the
 * same bits. Sessions and caches are not touched and no result depends on it. While requests run,
 * packing and choosing rest and only kernels that are not compiled yet are run; everything ends
 * when the engine closes.
 */
public final class WarmUp {
  /** How far it is. */
  public enum State {
    /** Not asked for. */
    OFF,
    /** Under way. */
    RUNNING,
    /** All kernels are compiled and all weights that are packed ahead are. */
    WARM,
    /** The engine was closed before. */
    STOPPED
  }

  /** Most time for one kernel. */
  private static final long KERNEL_NANOS = TimeUnit.SECONDS.toNanos(20);

  /** Steps of one request follow each other at most so long after. */
  private static final long REQUEST_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private static final int MOST_THREADS = 4;

  /** Bytes of stored weights that are packed between two looks at whether a step runs. */
  private static final long PIECE_BYTES = 8 << 20;

  private final List<KernelTrial> trials = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final CountDownLatch running;
  private final BooleanSupplier busy;
  private final long start = System.nanoTime();
  private final int kernels;
  private final List<Need> needs;
  private volatile boolean stopped;
  private volatile long nanos;
  private volatile int packed;
  private final int matrices;

  /** A warm-up that was not asked for. */
  static WarmUp off() {
    return new WarmUp(List.of(), List.of(), 0, () -> false);
  }

  private WarmUp(List<Need> needs, List<Matrix> pack, int count, BooleanSupplier busy) {
    this.kernels = needs.size();
    this.needs = needs;
    this.matrices = pack.size();
    this.running = new CountDownLatch(count);
    this.busy = busy;
  }

  /**
   * Starts.
   *
   * @param packAhead whether weights are packed too
   * @param busy whether a step runs or waits
   */
  static WarmUp start(
      Model model, NumericMode mode, WorkerPool pool, boolean packAhead, BooleanSupplier busy) {
    MatrixUses uses = MatrixUses.of(model, mode);
    ModelSlowPaths.report(uses);
    List<Need> needs = ModelKernels.of(model.config(), model.weights(), uses, mode);
    // Until they are compiled they would be slower than plain Java.
    needs.forEach(need -> need.gate().hold());
    List<Matrix> pack = packAhead ? uses.packed() : List.of();
    int compilers = Math.clamp(pool.threads() / 2, 1, MOST_THREADS);
    WarmUp warmUp = new WarmUp(needs, pack, compilers + 1, busy);
    for (int i = 0; i < compilers; i++) {
      int thread = i;
      warmUp.spawn("hadal-warm-up-" + i, () -> warmUp.compile(needs, thread, compilers));
    }
    warmUp.spawn("hadal-packing", () -> warmUp.pack(model, pack, pool));
    return warmUp;
  }

  private void spawn(String name, Runnable work) {
    threads.add(
        BackgroundThread.start(
            name,
            () -> {
              try {
                work.run();
              } finally {
                nanos = System.nanoTime() - start;
                running.countDown();
              }
            }));
  }

  /** Kernels in turns: the compiler works on all of them meanwhile. */
  private void compile(List<Need> needs, int thread, int threads) {
    List<Turn> open = new ArrayList<>();
    for (int i = thread; i < needs.size() && !stopped; i += threads) {
      open.add(new Turn(needs.get(i)));
      // The first ones need the compiler longest.
      open.forEach(turn -> turn.run.slice(() -> stopped));
    }
    long lastStep = System.nanoTime() - REQUEST_NANOS;
    while (!open.isEmpty() && !stopped) {
      long now = System.nanoTime();
      lastStep = busy.getAsBoolean() ? now : lastStep;
      boolean requested = now - lastStep < REQUEST_NANOS;
      boolean worked = false;
      for (Turn turn : List.copyOf(open)) {
        if (requested && turn.gate.open()) {
          // The request needs the processors more than a choice is needed.
          continue;
        }
        worked |= !turn.run.waiting();
        if (requested) {
          turn.run.sliceStandard();
        } else {
          turn.run.slice(() -> stopped);
        }
        look(turn, open);
      }
      if (!worked) {
        pause();
      }
    }
  }

  /** Opens the gate of a kernel that is fast, and ends the turns of one that is settled. */
  private void look(Turn turn, List<Turn> open) {
    boolean settled = turn.run.settled();
    if (settled || turn.run.fast()) {
      turn.gate.release();
    }
    if (settled && !stopped) {
      open.remove(turn);
      KernelTrial trial = turn.run.finish(() -> stopped);
      synchronized (trials) {
        trials.add(trial);
      }
      ModelSlowPaths.report(trial);
    }
  }

  /** A kernel that is being warmed. */
  private static final class Turn {
    final KernelGate gate;
    final KernelTrial.Run run;

    Turn(Need need) {
      this.gate = need.gate();
      this.run = new KernelTrial.Run(need.exercise().get(), KERNEL_NANOS);
    }
  }

  private void pack(Model model, List<Matrix> pack, WorkerPool pool) {
    while (packed < pack.size() && !stopped) {
      if (busy.getAsBoolean()) {
        pause();
        continue;
      }
      int to = packed;
      for (long bytes = 0; to < pack.size() && bytes < PIECE_BYTES; to++) {
        bytes += pack.get(to).byteSize();
      }
      model.packed().require(pack.subList(packed, to), pool);
      packed = to;
    }
  }

  private static void pause() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  public State state() {
    if (threads.isEmpty()) {
      return State.OFF;
    }
    if (running.getCount() > 0) {
      return stopped ? State.STOPPED : State.RUNNING;
    }
    return packed == matrices && trials().size() == kernels ? State.WARM : State.STOPPED;
  }

  /** Kernels that have been looked at so far. */
  public List<KernelTrial> trials() {
    synchronized (trials) {
      return List.copyOf(trials);
    }
  }

  /** Kernels that the model needs. */
  public int kernels() {
    return kernels;
  }

  /** Share of the work that is done, 0 to 1; 1 when nothing is asked for. */
  public double progress() {
    int all = kernels + matrices;
    return all == 0 ? 1 : (double) (trials().size() + packed) / all;
  }

  /** Time it took, or has taken so far. */
  public Duration time() {
    return Duration.ofNanos(running.getCount() > 0 ? System.nanoTime() - start : nanos);
  }

  /**
   * Waits for the end.
   *
   * @return false when the time was not enough
   */
  public boolean await(Duration most) throws InterruptedException {
    return running.await(most.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Ends it at once: within one run of a kernel. */
  void stop() {
    stopped = true;
    needs.forEach(need -> need.gate().release());
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
