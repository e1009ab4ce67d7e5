namespace HrNetBatch.Model.Imaging;

/// <summary>The operations of RandAugment in torchvision's order, which is that of the draw.</summary>
internal enum RandAugmentOperation
{
    /// <summary>Nothing.</summary>
    Identity,

    /// <summary>Rows slide.</summary>
    ShearX,

    /// <summary>Columns slide.</summary>
    ShearY,

    /// <summary>All moves sideways.</summary>
    TranslateX,

    /// <summary>All moves up or down.</summary>
    TranslateY,

    /// <summary>All turns about the centre.</summary>
    Rotate,

    /// <summary>Darker or lighter.</summary>
    Brightness,

    /// <summary>Paler or more colourful.</summary>
    Color,

    /// <summary>Flatter or steeper.</summary>
    Contrast,

    /// <summary>Softer or sharper.</summary>
    Sharpness,

    /// <summary>Fewer bits.</summary>
    Posterize,

    /// <summary>Bright values inverted.</summary>
    Solarize,

    /// <summary>Values stretched to the whole range.</summary>
    AutoContrast,

    /// <summary>Values made equally frequent.</summary>
    Equalize,
}
