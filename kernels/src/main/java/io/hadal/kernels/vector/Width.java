package io.hadal.kernels.vector;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The vector width of this JVM and the species that go with it. */
public final class Width {
  /** At most 512: sixteen lanes are the canonical order's number. */
  public static final int BITS =
      Integer.getInteger(
          "hadal.vectorBits", Math.min(512, FloatVector.SPECIES_PREFERRED.vectorBitSize()));

  public static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED.withShape(shape(BITS));
  public static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED.withShape(shape(BITS));

  /** As many shorts as F has floats. */
  public static final VectorSpecies<Short> S =
      ShortVector.SPECIES_PREFERRED.withShape(shape(Math.max(64, BITS / 2)));

  /** As many bits as F. */
  public static final VectorSpecies<Short> WIDE =
      ShortVector.SPECIES_PREFERRED.withShape(shape(BITS));

  /** As many bytes as F has floats, from 256 bits on. */
  public static final VectorSpecies<Byte> B =
      ByteVector.SPECIES_PREFERRED.withShape(shape(Math.max(64, BITS / 4)));

  public static final int LENGTH = F.length();

  private Width() {}

  private static VectorShape shape(int bits) {
    return VectorShape.forBitSize(bits);
  }
}
