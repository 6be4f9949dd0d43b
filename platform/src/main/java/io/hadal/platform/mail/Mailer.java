package io.hadal.platform.mail;

import io.hadal.platform.SecretText;
import jakarta.mail.Authenticator;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.Date;
import java.util.Properties;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Sends mails, one after another and beside everything else. A failed one is tried again four
 * times, later each time; when too many wait, new ones are dropped and counted.
 */
public final class Mailer implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Mailer.class.getName());
  private static final int MOST_WAITING = 1000;
  private static final int ATTEMPTS = 5;
  private static final String PATIENCE_MILLIS = "10000";

  private final MailOptions options;
  private final Session session;
  private final Duration pause;
  private final BlockingQueue<Mail> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
  private final AtomicLong dropped = new AtomicLong();
  private final Thread thread;

  private record Mail(String subject, String text) {}

  /** Sends from now on; a failed mail is tried again after five seconds, then ten, and so on. */
  public Mailer(MailOptions options) {
    this(options, Duration.ofSeconds(5));
  }

  Mailer(MailOptions options, Duration pause) {
    this.options = options;
    this.pause = pause;
    this.session = Session.getInstance(properties(options), authenticator(options));
    this.thread = Thread.ofVirtual().name("hadal-mail").start(this::run);
  }

  private static Properties properties(MailOptions options) {
    String scheme = options.security() == MailOptions.Security.TLS ? "smtps" : "smtp";
    String prefix = "mail." + scheme + ".";
    Properties properties = new Properties();
    properties.setProperty("mail.transport.protocol", scheme);
    properties.setProperty(prefix + "host", options.host());
    properties.setProperty(prefix + "port", Integer.toString(options.port()));
    properties.setProperty(prefix + "auth", Boolean.toString(options.user() != null));
    properties.setProperty(prefix + "connectiontimeout", PATIENCE_MILLIS);
    properties.setProperty(prefix + "timeout", PATIENCE_MILLIS);
    properties.setProperty(prefix + "writetimeout", PATIENCE_MILLIS);
    properties.setProperty(prefix + "ssl.checkserveridentity", "true");
    if (options.security() == MailOptions.Security.STARTTLS) {
      properties.setProperty(prefix + "starttls.enable", "true");
      properties.setProperty(prefix + "starttls.required", "true");
    }
    return properties;
  }

  private static Authenticator authenticator(MailOptions options) {
    return new Authenticator() {
      @Override
      protected PasswordAuthentication getPasswordAuthentication() {
        SecretText password = options.password();
        return new PasswordAuthentication(
            options.user(), password == null ? "" : password.reveal());
      }
    };
  }

  /** Lets a mail be sent soon; it does not wait. */
  public void send(String subject, String text) {
    if (!waiting.offer(new Mail(subject, text))) {
      dropped.incrementAndGet();
    }
  }

  /** Mails that were not sent, because too many waited or all attempts failed. */
  public long dropped() {
    return dropped.get();
  }

  private void run() {
    try {
      while (true) {
        deliver(waiting.take());
      }
    } catch (InterruptedException e) {
      // Closed.
      return;
    }
  }

  private void deliver(Mail mail) throws InterruptedException {
    String problem = "";
    for (int i = 0; i < ATTEMPTS; i++) {
      if (i > 0) {
        Thread.sleep(pause.multipliedBy(1L << (i - 1)));
      }
      try {
        Transport.send(message(mail));
        return;
      } catch (MessagingException e) {
        // Texts of servers may quote what was sent.
        problem = e.getClass().getSimpleName();
      }
    }
    dropped.incrementAndGet();
    LOG.log(Level.WARNING, "mail: one could not be sent to {0}: {1}", new Object[] {options.host(), problem});
  }

  private MimeMessage message(Mail mail) throws MessagingException {
    MimeMessage message = new MimeMessage(session);
    message.setFrom(new InternetAddress(options.from()));
    for (String to : options.to()) {
      message.addRecipient(Message.RecipientType.TO, new InternetAddress(to));
    }
    message.setSubject(mail.subject, "UTF-8");
    message.setText(mail.text, "UTF-8");
    message.setSentDate(new Date());
    message.setHeader("Auto-Submitted", "auto-generated");
    return message;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
