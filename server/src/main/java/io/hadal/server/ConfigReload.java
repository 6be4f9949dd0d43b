package io.hadal.server;

import io.hadal.engine.serving.Dispatcher;
import io.hadal.formats.FormatException;
import io.hadal.formats.Sha256;
import io.hadal.platform.SecretText;
import io.hadal.platform.cluster.ConfigMark;
import io.hadal.server.config.YamlFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Looks at the configuration file and the file of keys while the server runs, and applies what
 * changes there. A file that is broken is refused as a whole, and what held before goes on.
 */
public final class ConfigReload implements AutoCloseable {
  /** Learns of every attempt to apply the files. */
  @FunctionalInterface
  public interface Audit {
    /**
     * Files were applied or refused.
     *
     * @param result a line that tells which
     * @param before what held before, as far as it differs
     * @param after what holds now
     * @throws RuntimeException when it cannot be kept now; it is told again later
     */
    void reloaded(String result, JsonNode before, JsonNode after);
  }

  /** Attempts that the audit has not taken yet; more, and the oldest are lost. */
  private static final int MOST_UNTOLD = 1000;

  /** How often the files are looked at. */
  private static final Duration LOOK = Duration.ofMillis(500);

  private final @Nullable Path file;
  private final @Nullable Path keysOption;
  private final boolean local;
  private final ServeConfig started;
  private final HadalServer server;
  private final Consumer<String> log;
  private final Audit audit;
  private final Deque<Attempt> untold = new ArrayDeque<>();
  private final Thread thread;
  private ServeConfig current;
  private Contents seen;
  private Contents applied;

  private record Attempt(String result, JsonNode before, JsonNode after) {}

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
   * @param audit told of each attempt
   */
  public ConfigReload(
      @Nullable Path file,
      @Nullable Path keysOption,
      boolean local,
      ServeConfig started,
      HadalServer server,
      Consumer<String> log,
      Audit audit) {
    this.file = file;
    this.keysOption = keysOption;
    this.local = local;
    this.started = started;
    this.current = started;
    this.server = server;
    this.log = log;
    this.audit = audit;
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
    } else {
      tell();
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
    return new Contents(bytes(file, YamlFile.MOST_BYTES), bytes(keys(current), KeyRing.MOST_BYTES));
  }

  /** What stands in a file, as far as anybody reads it. */
  private static byte @Nullable [] bytes(@Nullable Path path, int most) {
    if (path == null) {
      return null;
    }
    try (InputStream in = Files.newInputStream(path)) {
      return in.readNBytes(most + 1);
    } catch (IOException e) {
      return null;
    }
  }

  private void apply(Contents now) {
    Contents earlier = applied;
    ServeConfig before = current;
    applied = now;
    String result;
    List<String> later = List.of();
    try {
      result = "reloaded: " + tryApply(now);
      later = started.restartFields(current);
      server.reloaded(current.effective(), later);
      server.configured(new ConfigMark(current.sharedHash(), !later.isEmpty()));
    } catch (FormatException e) {
      server.notReloaded(String.valueOf(e.getMessage()));
      result = "not reloaded, what held before goes on: " + e.getMessage();
    } catch (RuntimeException e) {
      server.notReloaded(e.toString());
      result = "not reloaded, what held before goes on: " + e;
    }
    log.accept(result);
    if (!later.isEmpty()) {
      log.accept("needs a restart: " + String.join(", ", later));
    }
    JsonNode old = before.effective();
    JsonNode next = current.effective();
    if (untold.size() == MOST_UNTOLD) {
      untold.removeFirst();
    }
    untold.addLast(
        new Attempt(result, changed(old, next, earlier.config), changed(next, old, now.config)));
    tell();
  }

  /** Fields that another configuration has not got so, and the hash of the file. */
  private static JsonNode changed(JsonNode one, JsonNode other, byte @Nullable [] file) {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    one.properties()
        .forEach(
            field -> {
              if (!field.getValue().equals(other.get(field.getKey()))) {
                fields.set(field.getKey(), field.getValue());
              }
            });
    if (file != null) {
      fields.put("file_sha256", Sha256.hex(file));
    }
    return fields;
  }

  private void tell() {
    for (Attempt first = untold.peekFirst(); first != null; first = untold.peekFirst()) {
      try {
        audit.reloaded(first.result, first.before, first.after);
      } catch (RuntimeException e) {
        // The database is away; the next look tries again.
        return;
      }
      untold.removeFirst();
    }
  }

  /** Returns the name of what was applied. */
  private String tryApply(Contents now) {
    String name = String.valueOf(file != null ? file : keysOption);
    ServeConfig next = file == null ? current : ServeConfig.read(file, started.overrides());
    Path keyFile = keys(next);
    // Read first: a file that changes meanwhile is seen as changed.
    byte[] keyBytes = bytes(keyFile, KeyRing.MOST_BYTES);
    KeyRing ring = keyFile == null ? null : KeyRing.read(keyFile);
    if (ring == null && !next.anonymous() && !local) {
      throw new FormatException(
          name, "serving beyond this machine needs access.keys or access.anonymous: true");
    }
    SecretText token = next.metricsSecret();
    server.routing(next.routing());
    server.quality(next.platform().quality());
    server.keys(ring);
    server.metricsToken(token);
    server.origins(next.origins());
    server.limits(next.limits());
    Dispatcher dispatcher = server.dispatcher();
    if (dispatcher != null) {
      dispatcher.limits(
          next.running(),
          next.waiting(),
          next.waitingPerKey(),
          Duration.ofMillis(next.tokenMillis()));
    }
    server.accessLog(next.accessLog());
    current = next;
    applied = new Contents(now.config, keyBytes);
    return name;
  }

  /** Looks no more, and tells what the audit has not taken yet. */
  @Override
  public void close() {
    thread.interrupt();
    synchronized (this) {
      tell();
    }
  }
}
