package io.hadal.platform.cluster;

import io.hadal.platform.SecretText;
import io.hadal.platform.redaction.RedactionRules;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.tenancy.Scope;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway shows an engine node in place of the client's key: for whom it asks, signed with a
 * key that all nodes have. The gateway has checked, limited and counted the request already, so the
 * engine only needs to keep the prompts of projects apart. Good for an hour.
 */
public final class NodeTokens {
  private static final String PREFIX = "hadal-node.";
  private static final String OWNER = "node:";
  private static final long MILLIS = 3_600_000;
  private static final int MOST_TEXT = 4096;
  private static final int FIELDS = 10;

  private final SecretKeySpec key;
  private final Clock clock;

  /**
   * Tokens of a key.
   *
   * @param key 32 bytes that all nodes have, such as {@code Pepper.derive} gives
   */
  public NodeTokens(byte[] key, Clock clock) {
    this.key = new SecretKeySpec(key, "HmacSHA256");
    this.clock = clock;
  }

  /**
   * A token for requests of somebody.
   *
   * @param zdr whether nothing of the request may be kept
   */
  public SecretText issue(Identity identity, boolean zdr) {
    String fields =
        String.join(
            "\n",
            identity.org(),
            identity.team(),
            identity.project(),
            identity.key(),
            identity.policy().cacheIsolation(),
            Boolean.toString(zdr || identity.policy().zdr()),
            Boolean.toString(identity.policy().phi()),
            Long.toString(identity.policy().cacheBytes()),
            Integer.toString(identity.policy().cacheSeconds()),
            Long.toString(clock.millis() + MILLIS));
    byte[] payload = fields.getBytes(StandardCharsets.UTF_8);
    return new SecretText(PREFIX + base64(payload) + "." + base64(mac(payload)));
  }

  /** Who a token speaks for; null when it is none, is not signed by a node, or is too old. */
  public @Nullable Identity read(String text) {
    if (!text.startsWith(PREFIX) || text.length() > MOST_TEXT) {
      return null;
    }
    String[] parts = text.substring(PREFIX.length()).split("\\.", -1);
    if (parts.length != 2) {
      return null;
    }
    byte[] payload;
    try {
      payload = Base64.getUrlDecoder().decode(parts[0]);
      if (!MessageDigest.isEqual(mac(payload), Base64.getUrlDecoder().decode(parts[1]))) {
        return null;
      }
    } catch (IllegalArgumentException e) {
      return null;
    }
    String[] fields = new String(payload, StandardCharsets.UTF_8).split("\n", -1);
    if (fields.length != FIELDS || Long.parseLong(fields[9]) < clock.millis()) {
      return null;
    }
    ProjectPolicy policy =
        new ProjectPolicy(
            false,
            Boolean.parseBoolean(fields[5]),
            Boolean.parseBoolean(fields[6]),
            0,
            fields[4],
            List.of(),
            "off",
            RedactionRules.STANDARD,
            Long.parseLong(fields[7]),
            Integer.parseInt(fields[8]),
            0);
    return new Identity(
        fields[0],
        fields[1],
        fields[2],
        OWNER + fields[3],
        null,
        Set.of(Scope.INFERENCE, Scope.MODELS_READ),
        List.of(),
        policy);
  }

  /** Whether a request comes through a gateway that has counted it. */
  public static boolean counted(@Nullable Identity identity) {
    return identity != null && identity.key().startsWith(OWNER);
  }

  private byte[] mac(byte[] payload) {
    try {
      Mac mac = Mac.getInstance(key.getAlgorithm());
      mac.init(key);
      return mac.doFinal(payload);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
