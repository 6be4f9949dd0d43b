package io.hadal.platform.registry;

import io.hadal.platform.tenancy.Identity;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How a running rollout splits requests between two versions. The same key goes to the same side on
 * every node, and stays with the candidate as long as the percentage only grows.
 *
 * @param rollout its id
 * @param copies true when requests stay with the baseline and the candidate gets copies
 * @param percent part of the keys that belong to the candidate
 */
public record Split(
    String rollout,
    String baseline,
    String candidate,
    boolean copies,
    int percent,
    Stickiness stickiness) {
  /** What keeps its version. */
  public enum Stickiness {
    SESSION,
    PROJECT,
    KEY;

    /** The name in rows and JSON. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The stickiness of a name.
     *
     * @throws IllegalArgumentException for an unknown one
     */
    public static Stickiness of(String text) {
      return valueOf(text.toUpperCase(Locale.ROOT));
    }
  }

  /** The version that answers. */
  String version(Identity identity, @Nullable String session) {
    return !copies && chosen(identity, session) ? candidate : baseline;
  }

  /** True when a request belongs to the candidate's part. */
  public boolean chosen(Identity identity, @Nullable String session) {
    return bucket(key(identity, session)) < percent * 100;
  }

  private String key(Identity identity, @Nullable String session) {
    return switch (stickiness) {
      // Sessions are named by their clients: those of two keys are not the same.
      case SESSION -> identity.key() + (session == null ? "" : "/" + session);
      case PROJECT -> identity.project();
      case KEY -> identity.key();
    };
  }

  /** A number from 0 to 9999, the same for equal keys of a rollout. */
  private int bucket(String key) {
    long hash = 0xcbf29ce484222325L;
    String text = rollout + "\n" + key;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    // FNV leaves its low bits too regular.
    hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
    hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return (int) Long.remainderUnsigned(hash ^ (hash >>> 33), 10_000);
  }
}
