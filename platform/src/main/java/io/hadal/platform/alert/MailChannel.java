package io.hadal.platform.alert;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import jakarta.activation.DataHandler;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.util.ByteArrayDataSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Date;
import java.util.List;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.eclipse.angus.mail.smtp.SMTPSenderFailedException;
import org.jspecify.annotations.Nullable;

/** Sends alerts by SMTP, one e-mail for each recipient. */
final class MailChannel implements AlertChannel {
  private static final String PATIENCE_MILLIS = "10000";

  /** Replies of servers from here on say that it is of no use to try again (RFC 5321, 4.2.1). */
  private static final int LASTING = 500;

  private final MailOptions options;
  private final Session session;
  private final String scheme;

  /**
   * A channel.
   *
   * @throws FormatException when the certificates to trust cannot be read
   */
  MailChannel(MailOptions options) {
    this.options = options;
    this.scheme = options.tls() == MailOptions.Tls.IMPLICIT ? "smtps" : "smtp";
    Path authority = options.authority();
    this.session = Session.getInstance(properties(authority == null ? null : trusting(authority)));
  }

  private Properties properties(@Nullable SSLSocketFactory sockets) {
    Properties properties = new Properties();
    String prefix = "mail." + scheme + ".";
    properties.setProperty("mail.mime.address.strict", "true");
    properties.setProperty(prefix + "auth", Boolean.toString(options.user() != null));
    properties.setProperty(prefix + "connectiontimeout", PATIENCE_MILLIS);
    properties.setProperty(prefix + "timeout", PATIENCE_MILLIS);
    properties.setProperty(prefix + "writetimeout", PATIENCE_MILLIS);
    properties.setProperty(prefix + "ssl.checkserveridentity", "true");
    if (options.tls() == MailOptions.Tls.STARTTLS) {
      properties.setProperty(prefix + "starttls.enable", "true");
      properties.setProperty(prefix + "starttls.required", "true");
    }
    if (sockets != null) {
      properties.put(prefix + "ssl.socketFactory", sockets);
      // A failure must not be repeated with sockets that trust others.
      properties.setProperty(prefix + "socketFactory.fallback", "false");
    }
    return properties;
  }

  /** TLS that trusts the certificates of a file. */
  static SSLSocketFactory trusting(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("ca" + store.size(), one);
      }
      if (store.size() == 0) {
        throw new FormatException(file.toString(), "holds no certificate in PEM");
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context.getSocketFactory();
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be read", e);
    } catch (GeneralSecurityException e) {
      throw new FormatException(file.toString(), "holds no certificates in PEM", e);
    }
  }

  @Override
  public String name() {
    return "email";
  }

  @Override
  public String target() {
    return options.host() + ":" + options.port();
  }

  @Override
  public List<String> recipients(AlertRule rule) {
    return options.recipients(rule);
  }

  @Override
  public void deliver(AlertDelivery delivery) throws DeliveryException {
    SecretText password = options.password();
    try (Transport transport = session.getTransport(scheme)) {
      Message message = message(delivery);
      transport.connect(
          options.host(),
          options.port(),
          options.user(),
          password == null ? null : password.reveal());
      transport.sendMessage(message, message.getAllRecipients());
    } catch (MessagingException e) {
      throw failure(e);
    }
  }

  private Message message(AlertDelivery delivery) throws MessagingException {
    // The same for each attempt, so that a mail that came twice can be told.
    String id = "<" + delivery.id() + "@hadal>";
    MimeMessage message =
        new MimeMessage(session) {
          @Override
          protected void updateMessageID() throws MessagingException {
            setHeader("Message-ID", id);
          }
        };
    message.setFrom(new InternetAddress(options.from(), true));
    message.setRecipient(Message.RecipientType.TO, new InternetAddress(delivery.recipient(), true));
    message.setSubject(Alert.line(delivery.subject()), "UTF-8");
    message.setSentDate(new Date(delivery.createdAt()));
    message.setHeader("Auto-Submitted", "auto-generated");
    try {
      message.setDataHandler(
          new DataHandler(new ByteArrayDataSource(delivery.body(), "text/plain; charset=UTF-8")));
    } catch (IOException e) {
      throw new MessagingException("text", e);
    }
    message.saveChanges();
    return message;
  }

  /** A reason in words: texts of servers may repeat what was sent, so only their numbers are in. */
  private static DeliveryException failure(MessagingException failure) {
    int code = 0;
    boolean tls = false;
    boolean signIn = false;
    for (Throwable t = failure; t != null; t = next(t)) {
      code = Math.max(code, code(t));
      tls |= t instanceof SSLException;
      signIn |= t instanceof AuthenticationFailedException;
    }
    if (signIn) {
      return new DeliveryException("the server refused user and password", false);
    }
    if (tls) {
      return new DeliveryException("no TLS that can be trusted with the server", false);
    }
    if (code > 0) {
      return new DeliveryException("the server answered " + code, code >= LASTING);
    }
    return new DeliveryException(
        failure instanceof SendFailedException
            ? "the server did not take it"
            : failure.getMessage() != null && failure.getMessage().contains("STARTTLS")
                ? "the server offers no STARTTLS"
                : "no connection to the server",
        false);
  }

  private static @Nullable Throwable next(Throwable t) {
    return t instanceof MessagingException mail && mail.getNextException() != null
        ? mail.getNextException()
        : t.getCause();
  }

  private static int code(Throwable t) {
    return switch (t) {
      case SMTPAddressFailedException e -> e.getReturnCode();
      case SMTPSenderFailedException e -> e.getReturnCode();
      case SMTPSendFailedException e -> e.getReturnCode();
      default -> 0;
    };
  }
}
