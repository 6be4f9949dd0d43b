package io.hadal.platform.privacy;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/** AES-256-GCM: 12 random bytes, then the ciphertext with its tag of 16 bytes. */
final class AesGcm {
  static final int OVERHEAD = 28;
  private static final int NONCE = 12;
  private static final SecureRandom RANDOM = new SecureRandom();

  private AesGcm() {}

  /**
   * Encrypts.
   *
   * @param place what the ciphertext belongs to; decryption needs the same
   */
  static byte[] encrypt(SecretKey key, byte[] plain, String place) {
    byte[] nonce = new byte[NONCE];
    RANDOM.nextBytes(nonce);
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, key, nonce, 0, place);
      byte[] out = Arrays.copyOf(nonce, NONCE + cipher.getOutputSize(plain.length));
      cipher.doFinal(plain, 0, plain.length, out, NONCE);
      return out;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Decrypts what begins at an offset.
   *
   * @throws GeneralSecurityException when it was changed, or is of another key or place
   */
  static byte[] decrypt(SecretKey key, byte[] sealed, int offset, String place)
      throws GeneralSecurityException {
    if (sealed.length - offset < OVERHEAD) {
      throw new GeneralSecurityException("too short");
    }
    return cipher(Cipher.DECRYPT_MODE, key, sealed, offset, place)
        .doFinal(sealed, offset + NONCE, sealed.length - offset - NONCE);
  }

  private static Cipher cipher(int mode, SecretKey key, byte[] nonce, int offset, String place)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(128, nonce, offset, NONCE));
    cipher.updateAAD(place.getBytes(StandardCharsets.UTF_8));
    return cipher;
  }
}
