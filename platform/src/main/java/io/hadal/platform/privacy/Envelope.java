package io.hadal.platform.privacy;

import io.hadal.formats.FormatException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;

/**
 * Encrypts content of an organisation for a place, such as a row or a file. Sealed content opens
 * only at its place, so that nobody can move it to another one. Form: 1 for the version, length of
 * the key's id, the id, then AES-256-GCM as nonce, ciphertext and tag.
 */
public final class Envelope {
  private static final int VERSION = 1;

  private final DataKeys keys;

  public Envelope(DataKeys keys) {
    this.keys = keys;
  }

  /**
   * Encrypts.
   *
   * @param place names what the content belongs to, such as {@code response/resp_1}
   */
  public byte[] seal(String org, String place, byte[] plain) {
    DataKeys.DataKey key = keys.current(org);
    byte[] id = key.id().getBytes(StandardCharsets.US_ASCII);
    byte[] sealed = AesGcm.encrypt(key.key(), plain, bound(org, place, key.id()));
    byte[] out = new byte[2 + id.length + sealed.length];
    out[0] = VERSION;
    out[1] = (byte) id.length;
    System.arraycopy(id, 0, out, 2, id.length);
    System.arraycopy(sealed, 0, out, 2 + id.length, sealed.length);
    return out;
  }

  /**
   * Decrypts.
   *
   * @throws FormatException when it was changed, belongs elsewhere, or its key was erased
   */
  public ProtectedBody open(String org, String place, byte[] sealed) {
    int length = sealed.length < 2 ? 0 : sealed[1];
    if (sealed.length < 2 || sealed[0] != VERSION || length <= 0 || sealed.length < 2 + length) {
      throw new FormatException(place, "is no encrypted content");
    }
    String id = new String(sealed, 2, length, StandardCharsets.US_ASCII);
    DataKeys.DataKey key = keys.find(org, id);
    if (key == null) {
      throw new FormatException(place, "its key was erased; the content is lost");
    }
    try {
      return new ProtectedBody(
          AesGcm.decrypt(key.key(), sealed, 2 + length, bound(org, place, id)));
    } catch (GeneralSecurityException e) {
      throw new FormatException(place, "was changed, or belongs to another place");
    }
  }

  /** Lengths keep parts apart that could run into each other. */
  private static String bound(String org, String place, String id) {
    return org.length() + ":" + org + "/" + place.length() + ":" + place + "/" + id;
  }
}
