package io.hadal.model.packed;

import io.hadal.formats.FormatException;
import io.hadal.formats.UserCache;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where side files lie: beside the checkpoint, or in the user's cache where that folder is not
 * theirs to write.
 */
public final class PackedPlaces {
  private static final System.Logger LOG = System.getLogger("io.hadal.model");

  private final Path cache;

  /**
   * Places with the cache in a folder.
   *
   * @param cache holds files by the fingerprint of their checkpoint
   */
  public PackedPlaces(Path cache) {
    this.cache = cache;
  }

  /** The user's places: {@code $XDG_CACHE_HOME/hadal/packed}, else under {@code ~/.cache}. */
  public static PackedPlaces user() {
    return new PackedPlaces(UserCache.folder().resolve("packed"));
  }

  /** {@code MODEL.hadal-pack} beside a checkpoint. */
  public static Path beside(Path checkpoint) {
    Path whole = checkpoint.toAbsolutePath().normalize();
    return whole.resolveSibling(whole.getFileName() + PackedFile.SUFFIX);
  }

  /** {@code FINGERPRINT.pack} in the cache. */
  public Path cached(String fingerprint) {
    return cache.resolve(fingerprint + ".pack");
  }

  /**
   * The side file of a checkpoint. Files that cannot be used are passed over with a warning.
   *
   * @param fingerprint of the checkpoint, which costs some reading
   * @return null when there is none
   */
  public @Nullable PackedFile find(Path checkpoint, Supplier<String> fingerprint) {
    Path beside = beside(checkpoint);
    boolean near = Files.isRegularFile(beside);
    if (!near && !Files.isDirectory(cache)) {
      return null;
    }
    String print = fingerprint.get();
    PackedFile found = near ? open(beside, print) : null;
    Path cached = cached(print);
    return found == null && Files.isRegularFile(cached) ? open(cached, print) : found;
  }

  private static @Nullable PackedFile open(Path file, String fingerprint) {
    try {
      return PackedFile.open(file, fingerprint);
    } catch (FormatException e) {
      LOG.log(System.Logger.Level.WARNING, "the side file is not used: " + e.getMessage());
      return null;
    }
  }
}
