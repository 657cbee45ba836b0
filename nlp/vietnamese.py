"""Vietnamese in Latin letters, with marks and without: what a syllable may look like, and which ones are common."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Letters that few others have (ơ ư, hooks, stacked marks), and those shared with French, Portuguese, Spanish …
_OWN = frozenset("ảạằẳẵắặầẩẫấậẻẽẹềểễếệỉịĩỏọồổỗốộơờởỡớợủụũưừửữứựỷỹỵđ")
_SHARED = frozenset("àáâãăèéêìíòóôõùúýỳ")

# Onset, then every rime of the language without its marks: nghieng, quyet, duoc, thuong.
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|gh|gi|kh|ph|th|tr|ch|qu|[bcdghklmnprstvx])?"
    r"(?:"
    r"a(?:c|ch|i|m|n|ng|nh|o|p|t|u|y)?|"
    r"e(?:c|ch|m|n|ng|nh|o|p|t|u)?|"
    r"i(?:a|c|ch|m|n|nh|p|t|u|ec|em|en|eng|ep|et|eu)?|"
    r"o(?:a(?:c|ch|i|m|n|ng|nh|o|p|t|y)?|c|e(?:n|o|t)?|i|m|n|ng|oc|ong|p|t)?|"
    r"u(?:a(?:n|ng|t|y)?|c|e(?:ch|nh)?|i|m|n|ng|o(?:c|i|m|n|ng|p|t|u)?|p|t|u|y(?:a|ch|en|et|n|nh|t|u|p)?)?|"
    r"y(?:em|en|eng|et|eu)?"
    r")"
)

# Common in news, and no common word of English, Spanish, Indonesian or Tagalog once the marks are gone.
_COMMON = frozenset(
    """
    va cua khong duoc nguoi nhung nhieu voi viet thanh pho truong chinh phu nuoc cong ty nghiep dien dong kinh te xa hoi
    tai nguyen moi truong mot cac hai nam thang ngay gio tren duoi trong ngoai truoc sau giua tu den vao ve khi neu thi
    ma con da dang se bi boi theo nhu la co cung van chua rat hon nhat nay kia ay do day dau gi ai nao sao the vi nen
    tuy dieu viec cuoc buoi lan luc noi cho lam phat trien xay dung quan ly hop tac to chuc du an chuong trinh ke hoach
    rac thai nhua tai che o nhiem khi hau nang luong xanh sach dai dien doan tham lam giao duc y te benh vien bac si
    hoc sinh sinh vien giao vien thay tro gia dinh tre em phu nu dan ong nha dat duong xe may oto tau bay san bong da
    cau thu tran dau thang thua giai vo dich bao dai lu lut mua nang chay no tai nan giao thong canh sat bat giu khoi to
    toa an xet xu luat quoc hoi chu tich thu tuong bo truong tong bi dang uy ban nhan dan tinh huyen xa phuong thu do
    ha noi sai gon da nang hai phong can tho mien bac trung gia vang xang dau tang giam thi truong chung khoan ngan hang
    lai suat tien te doanh nhap xuat khau nong dan lua gao ca phe thuy san khach du lich nghi le hoi tet phim am nhac
    nghe sy ca si dien vien my trung quoc nhat han nga au chau dong nam a lien hiep quan su chien tranh hoa binh ky ket
    thoa thuan tuyen bo phat bieu cho biet khang dinh nhan dinh danh gia dong gop bao ve bien phap giai phap thuc hien
    tiep tuc bat dau ket thuc khoi cong khanh thanh ra mat gioi thieu cong bo dat muc tieu ty dong trieu nghin
    ung dung cong nghe so khoa hoc ky thuat san xuat che bien tieu dung hang hoa gia ca chat luong tieu chuan do luong
    """.split()  # noqa: SIM905 - a page of single words
) - frozenset(
    [
        "a",
        "an",
        "am",
        "are",
        "at",
        "bay",
        "do",
        "can",
        "cat",
        "con",
        "cut",
        "dang",
        "de",
        "den",
        "di",
        "do",
        "hai",
        "hang",
        "ho",
        "in",
        "la",
        "le",
        "long",
        "ma",
        "man",
        "may",
        "me",
        "mua",
        "my",
        "no",
        "o",
        "one",
        "or",
        "pa",
        "pay",
        "pho",
        "sa",
        "san",
        "se",
        "she",
        "so",
        "sy",
        "tan",
        "tau",
        "thang",
        "the",
        "thu",
        "to",
        "tu",
        "van",
        "ve",
        "vi",
        "xa",
        "ya",
    ]
)


def strip_marks(word: str) -> str:
    """Lower case, without marks; đ is d."""
    decomposed = unicodedata.normalize("NFD", word.lower())
    return "".join(one for one in decomposed if not unicodedata.combining(one)).replace("đ", "d")


@lru_cache(maxsize=1 << 15)
def is_syllable(word: str) -> bool:
    """Whether a word, marked or not, could be a Vietnamese syllable (`duong`, `nghiêng`; not `water`, `dengan`)."""
    return _SYLLABLE.fullmatch(strip_marks(word)) is not None


@lru_cache(maxsize=1 << 15)
def count_own_letters(word: str) -> int:
    """Letters that hardly any other language has. `word` is composed (NFC)."""
    return sum(1 for one in word.lower() if one in _OWN)


@lru_cache(maxsize=1 << 15)
def is_marked_syllable(word: str) -> bool:
    """A syllable with at least one Vietnamese mark. `word` is composed (NFC)."""
    return any(one in _OWN or one in _SHARED for one in word.lower()) and is_syllable(word)


def is_common_unmarked(word: str) -> bool:
    """One of the common Vietnamese syllables as typed without marks (`cua`, `nguoi`, `khong`)."""
    return word.lower() in _COMMON
