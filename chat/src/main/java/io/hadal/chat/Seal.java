package io.hadal.chat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Reasoning in a form that only this server can open: clients keep it for us and send it back with
 * the next turn. AES-256-GCM, bound to an owner.
 */
public final class Seal {
  private static final byte VERSION = 1;
  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;

  private final SecureRandom random = new SecureRandom();
  private final SecretKeySpec key;

  /** A seal with this key of 32 bytes. */
  public Seal(byte[] key) {
    this.key = new SecretKeySpec(key, "AES");
  }

  /** A seal that lasts as long as this process. */
  public static Seal ofProcess() {
    byte[] key = new byte[32];
    new SecureRandom().nextBytes(key);
    return new Seal(key);
  }

  /** Closes a text for an owner. */
  public String close(String text, String owner) {
    byte[] nonce = new byte[NONCE];
    random.nextBytes(nonce);
    try {
      byte[] closed =
          cipher(Cipher.ENCRYPT_MODE, nonce, owner).doFinal(text.getBytes(StandardCharsets.UTF_8));
      ByteBuffer out = ByteBuffer.allocate(1 + NONCE + closed.length);
      out.put(VERSION).put(nonce).put(closed);
      return Base64.getUrlEncoder().withoutPadding().encodeToString(out.array());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The text of a seal, or null when it is none of ours, of another owner or damaged. */
  public @Nullable String open(String sealed, String owner) {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(sealed);
      if (bytes.length < 1 + NONCE + TAG_BITS / 8 || bytes[0] != VERSION) {
        return null;
      }
      byte[] nonce = new byte[NONCE];
      System.arraycopy(bytes, 1, nonce, 0, NONCE);
      byte[] open =
          cipher(Cipher.DECRYPT_MODE, nonce, owner)
              .doFinal(bytes, 1 + NONCE, bytes.length - 1 - NONCE);
      return new String(open, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException | GeneralSecurityException e) {
      return null;
    }
  }

  private Cipher cipher(int mode, byte[] nonce, String owner) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(owner.getBytes(StandardCharsets.UTF_8));
    return cipher;
  }
}
