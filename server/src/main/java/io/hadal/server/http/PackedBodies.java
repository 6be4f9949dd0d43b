package io.hadal.server.http;

import io.helidon.http.encoding.ContentDecoder;
import io.helidon.http.encoding.ContentEncoder;
import io.helidon.http.encoding.ContentEncoding;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/** Unpacks bodies of requests; answers go out as they are, because streams must not wait. */
final class PackedBodies implements ContentEncoding {
  private final String name;
  private final Set<String> ids;
  private final Opener opener;

  /** Reads what is packed. */
  private interface Opener {
    InputStream open(InputStream in) throws IOException;
  }

  private PackedBodies(String name, Set<String> ids, Opener opener) {
    this.name = name;
    this.ids = ids;
    this.opener = opener;
  }

  static PackedBodies gzip() {
    return new PackedBodies("gzip", Set.of("gzip", "x-gzip"), GZIPInputStream::new);
  }

  static PackedBodies zstd() {
    return new PackedBodies("zstd", Set.of("zstd"), ZstdBody::new);
  }

  @Override
  public Set<String> ids() {
    return ids;
  }

  @Override
  public boolean supportsEncoding() {
    return false;
  }

  @Override
  public boolean supportsDecoding() {
    return true;
  }

  @Override
  public ContentDecoder decoder() {
    return in -> {
      try {
        return opener.open(in);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }

  @Override
  public ContentEncoder encoder() {
    return ContentEncoder.NO_OP;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String type() {
    return name;
  }
}
