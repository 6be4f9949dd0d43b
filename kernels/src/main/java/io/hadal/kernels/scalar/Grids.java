package io.hadal.kernels.scalar;

/**
 * Constant tables of the i-quant and MX types (spec Appendix B). The grids are sorted lists of
 * 16-bit codes; they are kept as gaps between neighbours, five bits a character, lowest first, with
 * the sixth bit set on all characters of a gap but its last.
 */
public final class Grids {
  private static final String DIGITS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

  /** 256 entries of 8 magnitudes. */
  public static final float[] IQ2_XXS =
      grid(
          "ACDDCHDMCGCXDMIJDcCIY_CDMFrBkCUoDCgBgD_LDMRDcCGYhBDMU8CCGYmBjBXR4DHwBkCgB8KFDMUZ"
              + "DMC2B8D8BiGStvBDMRfgBkBMFrDIYwBKmBkFhB7NIYFkB3B4EqC-EWrPDMwBhC_DF7ExFvtBCI6BdfCn"
              + "Ff4FC_PDMwBWqFhCjBsJ4LY0DwN9tFDMIJDcIOKhBDMwDgBhCfF8DP4BOS4MIYgDZ5DS8GhQDMwBF7F4"
              + "CJhBjGrCwrBIJIHgDI8D-BiDtH_PC4D3HzCsNRIrC8GoG8vBMwBoB4E1CjGoCgNFrICyD-V-9FCI3BhC"
              + "iEUoBxGwPDMFrBgBgFmCuC1D3BgBiNiItIzvBMUchD1DqDlG7NiBiBtIwZ_Ei3BuC1BkE3H4Q4hB0F",
          256,
          8,
          8,
          25,
          43);

  /** 512 entries of 8 magnitudes. */
  public static final float[] IQ2_XS =
      grid(
          "ACDDCHDCDHCDDZDCDHCDDJDcCDDJDFHhDDCDHCDDCHDcCDDJDMIZDMwDCDDJDMhBDMFrBK3LDCDHCDDJ"
              + "DcCDDJDCKhBDMwDCDDJDMhBDMRfhEDMWaCiC8LCDDCHDMFcDMIoBgBK3CDMwBhCI3DgBIuDKhrBDCDHC"
              + "DDJDcCDDJDMKXDMwDCDDJDMhBDMwBUCrDDCKwBgBgNCDDJDMhBDFHUchEDMwBgGU1B4NDMCuBUyB6DFh"
              + "DrH4C3qBCDDCHDMhBDMwBgBhDDMwBId7EiB-CoB5KDMZXgGhCRnCoDZsE6KICW1BzBamGoB4DYiDGC3r"
              + "FDCDHCDDJDcCDDCHDMFcDMwDCDDJDMhBDMwBFd_CDMCXXgOCDDJDFHhBDMwBUtDDMUc6CmDK6BMxNDMw"
              + "BFPO-ERzBMZ7E8vBCDDJDMIZDMwBhEDMFrBC-FkCmD3KDMRfgBhBgB_CI4DI5EnC5B_KUtBPpChEmBCj"
              + "K8rBDMwBUOkBjB3CkJmBoCuLW6HwBF_C9SpD7FhHuCO-sFCDDJDMKXDMwBCmBC3CDCKwBRInFgBgDCeI"
              + "5KDMCDrBgBpB3DkChDzDyC2MId1BmBCmB-C8I-CIOS5qBDMwBWuB8DiBiCyHzB3LF_BMIxGnDCvFwQ1C"
              + "jFsGrCgtBCGCWK2DxFItC6CCGiB2CgBgN1CwOzByLWCG4DI8CgECiFCnDZ",
          512,
          8,
          8,
          25,
          43);

  /** 256 entries of 4 magnitudes. */
  public static final float[] IQ3_XXS =
      grid(
          "ACCNCEJCPRxBCsECNCPELCPTcwECCNPCPCEaGesEGJCTrCjFkBNTcCsEGrBgBjHvBsFECtBeglCCNCPC"
              + "NCCTJwFCPPC_GCNCPPiCuECeRVgB7EErCwGEiBrB0E9IegmCCPCNCELR_FCCLCPPzBEJwECPGJCVJVsF"
              + "PE8CEhGewFkBazBtMCTvB8lCPCPCtBVNuECeRTC7FCNVtBgB_EiB9HXrBuEGczB_FiBtBwGtBklCTeCc"
              + "E9IsFXJgBGhF-B_FtCThGetB1MLCeinCvBvBwEGgBvB_FegCwExC9FTErCwEvB_I0GeinCgBCe9FgC2F"
              + "tCsGGuIhGtChHwGeinCCCJiBgB0GayGzBNuFVetBhGgB_FCiBsI",
          256,
          4,
          4,
          12,
          20,
          28,
          36,
          44,
          52,
          62);

  /** Levels of IQ4_NL and IQ4_XS. */
  public static final float[] IQ4 = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  /** Twice the E2M1 values by code. Code 8 is +0: the MX blocks of GGML have no negative zero. */
  public static final float[] DOUBLED_E2M1 = {
    0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12
  };

  private Grids() {}

  /** Eight sign bits of a 7-bit field: the eighth makes the number of negative signs even. */
  public static int signs(int field) {
    return field | (Integer.bitCount(field) & 1) << 7;
  }

  /** Half of the E8M0 scale, as GGML takes it: code 255 is 2^127 and no NaN. */
  public static float mxfp4HalfScale(int code) {
    return Float.intBitsToFloat(code < 2 ? 0x00200000 << code : code - 1 << 23);
  }

  private static float[] grid(String gaps, int entries, int width, int... levels) {
    float[] out = new float[entries * width];
    int bits = 16 / width;
    int code = 0;
    int at = 0;
    for (int e = 0; e < entries; e++) {
      int shift = 0;
      int digit;
      do {
        digit = DIGITS.indexOf(gaps.charAt(at++));
        code += (digit & 31) << shift;
        shift += 5;
      } while (digit >= 32);
      for (int i = 0; i < width; i++) {
        out[e * width + i] = levels[code >> bits * i & (1 << bits) - 1];
      }
    }
    return out;
  }
}
