package io.hadal.server;

import io.hadal.platform.LimitState;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Gate;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Lets attempts pass and remembers them. */
final class RecordingGate implements Gate {
  final List<Event> events = new CopyOnWriteArrayList<>();

  /** What takes its time until an end is durable. */
  volatile Runnable device = () -> {};

  volatile long mostTokens = Long.MAX_VALUE;

  /** An attempt that is over. */
  record Event(Work work, Ending ending) {}

  @Override
  public Metered admit(Work work) {
    return new Metered() {
      private boolean over;

      @Override
      public boolean produced(Quantities soFar) {
        return soFar.output() <= mostTokens;
      }

      @Override
      public synchronized long end(Ending ending) {
        if (!over) {
          over = true;
          events.add(new Event(work, ending));
        }
        return 0;
      }

      @Override
      public Runnable ending(Ending ending) {
        end(ending);
        return device;
      }

      @Override
      public LimitState limits() {
        return LimitState.NONE;
      }

      @Override
      public synchronized long cost() {
        return over ? 7 : 0;
      }
    };
  }

  List<Outcome> outcomes() {
    return events.stream().map(e -> e.ending().outcome()).toList();
  }

  List<String> backends() {
    return events.stream().map(e -> e.work().backend()).toList();
  }

  /** Waits for so many events: some come when the client has its answer or is gone. */
  List<Event> await(int count) throws InterruptedException {
    for (int i = 0; i < 2000 && events.size() < count; i++) {
      Thread.sleep(5);
    }
    return events;
  }
}
