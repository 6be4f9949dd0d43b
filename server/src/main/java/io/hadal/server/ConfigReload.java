package io.hadal.server;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the configuration file and the file of keys while the server runs, and applies what
 * changes there. A file that is broken is refused as a whole, and what held before goes on.
 */
public final class ConfigReload implements AutoCloseable {
  /** How often the files are looked at. */
  private static final Duration LOOK = Duration.ofMillis(500);

  private final @Nullable Path file;
  private final @Nullable Path keysOption;
  private final boolean local;
  private final ServeConfig started;
  private final HadalServer server;
  private final Consumer<String> log;
  private final Thread thread;
  private ServeConfig current;
  private Contents seen;
  private Contents applied;

  /** What the two files hold; null for what cannot be read. */
  private record Contents(byte @Nullable [] config, byte @Nullable [] keys) {
    boolean sameAs(Contents other) {
      return Arrays.equals(config, other.config) && Arrays.equals(keys, other.keys);
    }
  }

  /**
   * Looks from now on.
   *
   * @param file configuration file; null without one
   * @param keysOption file of keys that wins over the one of the configuration; null for none
   * @param local true when only this machine can reach the server, so that it may go without keys
   * @param started what the server was started with
   * @param log told in a line each what was applied, refused, or needs a restart
   */
  public ConfigReload(
      @Nullable Path file,
      @Nullable Path keysOption,
      boolean local,
      ServeConfig started,
      HadalServer server,
      Consumer<String> log) {
    this.file = file;
    this.keysOption = keysOption;
    this.local = local;
    this.started = started;
    this.current = started;
    this.server = server;
    this.log = log;
    this.applied = contents();
    this.seen = applied;
    this.thread = Thread.ofVirtual().name("hadal-config-reload").start(this::run);
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(LOOK);
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Applies files that have changed and have stayed the same since the last look. */
  private synchronized void look() {
    Contents now = contents();
    boolean whole = now.sameAs(seen);
    seen = now;
    if (whole && !now.sameAs(applied)) {
      apply(now);
    }
  }

  /** Reads the files and applies them, whether they have changed or not. */
  public synchronized void reload() {
    seen = contents();
    apply(seen);
  }

  private @Nullable Path keys(ServeConfig config) {
    return keysOption != null ? keysOption : config.keys();
  }

  private Contents contents() {
    return new Contents(bytes(file), bytes(keys(current)));
  }

  private static byte @Nullable [] bytes(@Nullable Path path) {
    try {
      return path == null ? null : Files.readAllBytes(path);
    } catch (IOException e) {
      return null;
    }
  }

  private void apply(Contents now) {
    applied = now;
    String name = String.valueOf(file != null ? file : keysOption);
    try {
      ServeConfig next = file == null ? current : ServeConfig.read(file);
      Path keyFile = keys(next);
      // Read first: a file that changes meanwhile is seen as changed.
      byte[] keyBytes = bytes(keyFile);
      KeyRing ring = keyFile == null ? null : KeyRing.read(keyFile);
      if (ring == null && !next.anonymous() && !local) {
        throw new FormatException(
            name, "serving beyond this machine needs access.keys or access.anonymous: true");
      }
      server.routing(next.routing());
      server.quality(next.platform().quality());
      server.keys(ring);
      server.limits(next.limits());
      server
          .dispatcher()
          .limits(
              next.running(),
              next.waiting(),
              next.waitingPerKey(),
              Duration.ofMillis(next.tokenMillis()));
      server.accessLog(next.accessLog());
      current = next;
      applied = new Contents(now.config, keyBytes);
      log.accept("reloaded: " + name);
      List<String> later = started.restartFields(next);
      server.reloaded(next.effective(), later);
      if (!later.isEmpty()) {
        log.accept("needs a restart: " + String.join(", ", later));
      }
    } catch (FormatException e) {
      server.notReloaded(String.valueOf(e.getMessage()));
      log.accept("not reloaded, what held before goes on: " + e.getMessage());
    } catch (RuntimeException e) {
      server.notReloaded(e.toString());
      log.accept("not reloaded, what held before goes on: " + e);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
