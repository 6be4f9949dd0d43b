package io.hadal.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What makes this process slower than it could be. Everybody who notices such a thing reports it
 * here with its remedy; each cause is passed on once, to a listener or else to the log.
 */
public final class SlowPaths {
  private static final List<SlowPath> FOUND = new ArrayList<>();
  private static @Nullable Consumer<SlowPath> listener;

  private SlowPaths() {}

  /**
   * One cause.
   *
   * @param cause what is so, in a few words
   * @param effect what it costs
   * @param remedy what to do about it
   */
  public record SlowPath(String cause, String effect, String remedy) {
    /** All of it in one line. */
    public String line() {
      return cause + ": " + effect + "; " + remedy;
    }
  }

  /** Notes a cause; does nothing when it is known. */
  public static void report(String cause, String effect, String remedy) {
    SlowPath path = new SlowPath(cause, effect, remedy);
    Consumer<SlowPath> told;
    synchronized (FOUND) {
      if (FOUND.stream().anyMatch(p -> p.cause().equals(cause))) {
        return;
      }
      FOUND.add(path);
      told = listener;
    }
    if (told != null) {
      told.accept(path);
    } else {
      System.getLogger("io.hadal.kernels").log(System.Logger.Level.WARNING, path.line());
    }
  }

  /** Everything reported so far. */
  public static List<SlowPath> all() {
    synchronized (FOUND) {
      return List.copyOf(FOUND);
    }
  }

  /** Sends what is reported from now on to a listener; null for the log. */
  public static void listen(@Nullable Consumer<SlowPath> next) {
    synchronized (FOUND) {
      listener = next;
    }
  }
}
