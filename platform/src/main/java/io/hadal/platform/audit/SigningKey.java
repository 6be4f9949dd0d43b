package io.hadal.platform.audit;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

/** The private key (Ed25519) that signs checkpoints. Its file stays outside the database. */
public final class SigningKey {
  private static final String BLOCK = "PRIVATE KEY";

  private final PrivateKey key;
  private final AuditKey publicKey;

  private SigningKey(PrivateKey key, AuditKey publicKey) {
    this.key = key;
    this.publicKey = publicKey;
  }

  /**
   * Reads the key of a file; makes one, readable for its owner only, when there is no file.
   *
   * @throws FormatException when the file cannot be used
   */
  public static SigningKey open(Path file) {
    if (!Files.exists(file)) {
      create(file);
    }
    return read(file);
  }

  /**
   * Reads the key of a file.
   *
   * @throws FormatException when it cannot be used
   */
  public static SigningKey read(Path file) {
    String pem = Pem.read(file);
    AuditKey publicKey = AuditKey.parse(pem, file.toString());
    try {
      SigningKey key =
          new SigningKey(
              KeyFactory.getInstance(AuditKey.ALGORITHM)
                  .generatePrivate(new PKCS8EncodedKeySpec(Pem.block(pem, BLOCK, file.toString()))),
              publicKey);
      if (!publicKey.signed("", key.sign(""))) {
        throw new FormatException(
            file.toString(), "its private and public key do not belong together");
      }
      return key;
    } catch (GeneralSecurityException e) {
      throw new FormatException(
          file.toString(), "holds no private key of " + AuditKey.ALGORITHM, e);
    }
  }

  private static void create(Path file) {
    try {
      KeyPair pair = KeyPairGenerator.getInstance(AuditKey.ALGORITHM).generateKeyPair();
      String pem =
          Pem.text(BLOCK, pair.getPrivate().getEncoded()) + AuditKey.of(pair.getPublic()).pem();
      OwnerFile.create(file, pem.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be written: " + e, e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What checks the signatures. */
  public AuditKey publicKey() {
    return publicKey;
  }

  /** The signature of a statement, base 64. */
  String sign(String statement) {
    try {
      Signature signature = Signature.getInstance(AuditKey.ALGORITHM);
      signature.initSign(key);
      signature.update(statement.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public String toString() {
    return "SigningKey[" + publicKey.id() + "]";
  }
}
