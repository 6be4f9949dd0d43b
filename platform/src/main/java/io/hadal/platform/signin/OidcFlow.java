package io.hadal.platform.signin;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.Sha256;
import io.hadal.platform.SecretText;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A sign-in that has begun: what its browser keeps, sealed, until the identity provider sends it
 * back. So nodes keep nothing, and a code that another browser obtained is of no use.
 *
 * @param returnTo path to go to when it is done
 * @param expiresAt milliseconds since 1970
 */
record OidcFlow(
    SecretText state, SecretText nonce, SecretText verifier, String returnTo, long expiresAt) {
  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;
  private static final int LONGEST = 4096;
  private static final byte[] CONTEXT = "hadal-oidc-flow-1".getBytes(StandardCharsets.UTF_8);

  static OidcFlow begin(String returnTo, long expiresAt) {
    return new OidcFlow(random(), random(), random(), returnTo, expiresAt);
  }

  private static SecretText random() {
    byte[] bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    return new SecretText(text(bytes));
  }

  private static String text(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** The challenge of PKCE, method S256 (RFC 7636). */
  String challenge() {
    return text(Sha256.digest().digest(verifier.reveal().getBytes(StandardCharsets.US_ASCII)));
  }

  /**
   * For the browser.
   *
   * @param key of 32 bytes
   */
  SecretText seal(byte[] key) {
    String json =
        JsonNodeFactory.instance
            .objectNode()
            .put("s", state.reveal())
            .put("n", nonce.reveal())
            .put("v", verifier.reveal())
            .put("r", returnTo)
            .put("e", expiresAt)
            .toString();
    byte[] iv = new byte[NONCE];
    new SecureRandom().nextBytes(iv);
    try {
      byte[] sealed =
          cipher(Cipher.ENCRYPT_MODE, key, iv).doFinal(json.getBytes(StandardCharsets.UTF_8));
      byte[] all = Arrays.copyOf(iv, NONCE + sealed.length);
      System.arraycopy(sealed, 0, all, NONCE, sealed.length);
      return new SecretText(text(all));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What {@link #seal} has sealed with the same key; null for anything else. */
  static @Nullable OidcFlow unseal(String text, byte[] key) {
    try {
      byte[] all = Base64.getUrlDecoder().decode(text);
      if (all.length <= NONCE || all.length > LONGEST) {
        return null;
      }
      byte[] json =
          cipher(Cipher.DECRYPT_MODE, key, Arrays.copyOf(all, NONCE))
              .doFinal(all, NONCE, all.length - NONCE);
      JsonNode fields = Json.parse(json, "flow");
      return new OidcFlow(
          new SecretText(fields.path("s").asString("")),
          new SecretText(fields.path("n").asString("")),
          new SecretText(fields.path("v").asString("")),
          fields.path("r").asString(""),
          fields.path("e").longValue());
    } catch (GeneralSecurityException | IllegalArgumentException | FormatException e) {
      return null;
    }
  }

  private static Cipher cipher(int mode, byte[] key, byte[] iv) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, iv));
    cipher.updateAAD(CONTEXT);
    return cipher;
  }
}
