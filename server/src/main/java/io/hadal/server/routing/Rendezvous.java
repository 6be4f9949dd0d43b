package io.hadal.server.routing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.zip.CRC32C;

/**
 * Rendezvous hashing with weights and bounded load: a pure function of key, names and weights, so
 * that every gateway orders alike, and a replica that is gone moves only what was its own.
 */
final class Rendezvous {
  /** A replica with more than this part of the mean load is passed over. */
  private static final double BOUND = 1.25;

  /** Requests below which a replica is never too full: a mean of few requests says nothing. */
  private static final int FLOOR = 16;

  private Rendezvous() {}

  /** The replicas in the order of a key. */
  static <T> List<T> order(
      long key, List<T> replicas, Function<T, String> name, ToIntFunction<T> weight) {
    record Scored<T>(T replica, String name, double score) {}
    List<Scored<T>> scored = new ArrayList<>();
    for (T replica : replicas) {
      String own = name.apply(replica);
      scored.add(new Scored<>(replica, own, score(key, own, weight.applyAsInt(replica))));
    }
    scored.sort(Comparator.<Scored<T>>comparingDouble(s -> -s.score()).thenComparing(Scored::name));
    return scored.stream().map(Scored::replica).toList();
  }

  /** The load at which a replica has too much to do. */
  static <T> double most(List<T> replicas, ToIntFunction<T> load) {
    long all = 1;
    for (T replica : replicas) {
      all += load.applyAsInt(replica);
    }
    return Math.max(FLOOR, Math.ceil(BOUND * all / Math.max(1, replicas.size())));
  }

  /** Puts those with too much to do behind the others; the order stays otherwise. */
  static <T> List<T> bounded(List<T> ordered, ToIntFunction<T> load) {
    double most = most(ordered, load);
    List<T> free = new ArrayList<>();
    List<T> full = new ArrayList<>();
    for (T replica : ordered) {
      (load.applyAsInt(replica) < most ? free : full).add(replica);
    }
    free.addAll(full);
    return free;
  }

  private static double score(long key, String name, int weight) {
    CRC32C crc = new CRC32C();
    crc.update(name.getBytes(StandardCharsets.UTF_8));
    long bits = mix(mix(key) ^ mix(crc.getValue()));
    // In (0, 1), so that the logarithm is finite and negative.
    double uniform = ((bits >>> 11) + 0.5) * 0x1p-53;
    return -weight / Math.log(uniform);
  }

  /** The finalizer of splitmix64. */
  private static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
