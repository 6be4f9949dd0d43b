package io.hadal.server.routing;

import io.hadal.platform.SecretText;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Ids of jobs at upstreams. Ours holds the upstream's and a signature over project and upstream, so
 * that every gateway finds the upstream that has the job, and only the project that made it can ask
 * for it. The signature's key comes from the upstream's credentials, which all gateways share.
 */
final class VideoIds {
  private static final String PREFIX = "video_";
  private static final int SIGNATURE = 16;

  private VideoIds() {}

  /** Where a job is. */
  record Place(Backend backend, String upstreamId) {}

  static boolean usable(String upstreamId) {
    return upstreamId.matches("[A-Za-z0-9_-]{1,200}");
  }

  static String id(Backend backend, String project, String upstreamId) {
    return PREFIX
        + signature(keys(backend).getFirst(), backend.name(), project, upstreamId)
        + "_"
        + upstreamId;
  }

  /** The place of a job; null for an id that is none, or of another project. */
  static @Nullable Place find(Collection<Backend> backends, String project, String id) {
    int start = PREFIX.length() + SIGNATURE + 1;
    if (!id.startsWith(PREFIX) || id.length() <= start || !usable(id.substring(start))) {
      return null;
    }
    byte[] given = id.substring(PREFIX.length(), start - 1).getBytes(StandardCharsets.US_ASCII);
    String upstreamId = id.substring(start);
    for (Backend backend : backends) {
      for (String key : keys(backend)) {
        byte[] right =
            signature(key, backend.name(), project, upstreamId).getBytes(StandardCharsets.US_ASCII);
        if (MessageDigest.isEqual(right, given)) {
          return new Place(backend, upstreamId);
        }
      }
    }
    return null;
  }

  private static List<String> keys(Backend backend) {
    List<String> keys = new ArrayList<>();
    for (SecretText secret : backend.keys().all()) {
      keys.add(secret.reveal());
    }
    // Without credentials nobody is kept from the upstream itself.
    return keys.isEmpty() ? List.of(backend.config().url().toString()) : keys;
  }

  private static String signature(String key, String upstream, String project, String id) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(
          new SecretKeySpec(("video job\n" + key).getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      String text = upstream + "\n" + project + "\n" + id;
      byte[] bytes = mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(bytes, 0, SIGNATURE / 2);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
