package io.hadal.platform.signin;

import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an identity provider publishes, kept for a while. One caller at a time asks for it, without
 * a lock held; meanwhile the others go on with what was known, as long as it is not too old.
 */
final class KeptDocument<T> {
  private static final long KNOWN_MILLIS = 600_000;

  /** Up to this age it serves those who come while another asks; a key may have been withdrawn. */
  private static final long MOST_MILLIS = 2 * KNOWN_MILLIS;

  /** Something that is missing is not asked for more often. */
  private static final long AGAIN_MILLIS = 10_000;

  private final Supplier<T> source;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Kept<T> kept;
  private @Nullable CompletableFuture<T> flight;

  private record Kept<T>(T document, long at) {}

  /**
   * Nothing is known yet.
   *
   * @param source asks the provider; bounded in time
   */
  KeptDocument(Supplier<T> source, Clock clock) {
    this.source = source;
    this.clock = clock;
  }

  /**
   * The document; asked for again when it is old, or lacks something.
   *
   * @param serves whether it has what is looked for
   */
  T get(Predicate<T> serves) {
    CompletableFuture<T> mine = new CompletableFuture<>();
    CompletableFuture<T> running;
    long now = clock.millis();
    lock.lock();
    try {
      Kept<T> known = kept;
      running = flight;
      if (known != null) {
        long age = now - known.at;
        boolean enough = serves.test(known.document);
        boolean young = age < (running != null ? MOST_MILLIS : KNOWN_MILLIS);
        if ((enough && young) || age < AGAIN_MILLIS) {
          return known.document;
        }
      }
      if (running == null) {
        flight = mine;
      }
    } finally {
      lock.unlock();
    }
    return running == null ? ask(mine, now) : await(running);
  }

  private T ask(CompletableFuture<T> mine, long now) {
    try {
      T document = source.get();
      over(new Kept<>(document, now));
      mine.complete(document);
      return document;
    } catch (RuntimeException | Error e) {
      over(null);
      mine.completeExceptionally(e);
      throw e;
    }
  }

  private void over(@Nullable Kept<T> found) {
    lock.lock();
    try {
      flight = null;
      kept = found == null ? kept : found;
    } finally {
      lock.unlock();
    }
  }

  private static <T> T await(CompletableFuture<T> running) {
    try {
      return running.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }
}
