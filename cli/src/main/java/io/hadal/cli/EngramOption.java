package io.hadal.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/** {@code --engram-cache}: where the rows of n-gram tables are kept. */
final class EngramOption {
  @Option(
      names = "--engram-cache",
      paramLabel = "SIZE",
      converter = CacheSize.class,
      description =
          "Leave n-gram (Engram) tables on disk and keep recently used rows in a cache of this"
              + " size, such as 256M; 0 maps the tables. Default: 0.")
  private long cacheBytes;

  /** A size, or 0 for no cache. */
  static final class CacheSize implements ITypeConverter<Long> {
    private final ByteSize size = new ByteSize();

    @Override
    public Long convert(String value) {
      return value.strip().equals("0") ? 0L : size.convert(value);
    }
  }

  /** Bytes for rows read from disk, 0 to map the tables. */
  long cacheBytes() {
    return cacheBytes;
  }
}
