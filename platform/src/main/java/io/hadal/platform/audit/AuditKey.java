package io.hadal.platform.audit;

import io.hadal.formats.FormatException;
import io.hadal.formats.Sha256;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;

/**
 * A public key (Ed25519) that checkpoints are checked with.
 *
 * @param id first 16 hexadecimal digits of the SHA-256 of its encoding
 */
public record AuditKey(String id, PublicKey key) {
  static final String ALGORITHM = "Ed25519";
  private static final String BLOCK = "PUBLIC KEY";

  /** The key of an encoding (SubjectPublicKeyInfo). */
  static AuditKey of(PublicKey key) {
    byte[] digest = Sha256.digest().digest(key.getEncoded());
    return new AuditKey(HexFormat.of().formatHex(digest, 0, 8), key);
  }

  /**
   * Reads a PEM file; a private key file of ours holds the public key, too.
   *
   * @throws FormatException when there is none in it
   */
  public static AuditKey read(Path file) {
    return parse(Pem.read(file), file.toString());
  }

  static AuditKey parse(String pem, String source) {
    try {
      return of(
          KeyFactory.getInstance(ALGORITHM)
              .generatePublic(new X509EncodedKeySpec(Pem.block(pem, BLOCK, source))));
    } catch (GeneralSecurityException e) {
      throw new FormatException(source, "holds no public key of " + ALGORITHM, e);
    }
  }

  /** The key as PEM. */
  public String pem() {
    return Pem.text(BLOCK, key.getEncoded());
  }

  /** Whether a signature in base 64 is one of this key over a statement. */
  boolean signed(String statement, String signature) {
    try {
      Signature check = Signature.getInstance(ALGORITHM);
      check.initVerify(key);
      check.update(statement.getBytes(StandardCharsets.UTF_8));
      byte[] bytes = Base64.getDecoder().decode(signature);
      // The last character has bits that say nothing; only one spelling counts.
      return Base64.getEncoder().encodeToString(bytes).equals(signature) && check.verify(bytes);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return false;
    }
  }
}
