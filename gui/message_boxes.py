"""Message boxes of the window: questions before something large happens, and faults. Each is opened at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from core.domain.documents import Folder
from core.i18n import fault_text, fault_title, ngettext, tr
from gui import number_formats
from models.faults import Fault

if TYPE_CHECKING:
    from core.library.embedder_migration import EmbedderQuestion
    from core.library.ocr_language_change import OcrLanguageQuestion


def confirm_removal(folder: Folder, parent: QWidget, remove: Callable[[], object]) -> QMessageBox:
    """Ask before a folder leaves the library; its files stay where they are."""
    box = _box(QMessageBox.Icon.Question, tr("Remove from Papermoor?"), parent)
    box.setText(tr("Remove “{name}” from Papermoor?", name=folder.path.name))
    box.setInformativeText(
        ngettext(
            "Its {n} document will no longer be searched. The file itself stays where it is.",
            "Its {n} documents will no longer be searched. The files themselves stay where they are.",
            folder.documents,
        )
    )
    button = box.addButton(tr("Remove"), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    button.clicked.connect(lambda: remove())
    box.open()
    return box


def ask_to_change_embedder(
    question: EmbedderQuestion, parent: QWidget, answer: Callable[[bool], object]
) -> QMessageBox:
    """Ask before every passage is prepared anew for another search model."""
    box = _box(QMessageBox.Icon.Question, tr("Use the new search model?"), parent)
    box.setText(tr("Prepare your documents for “{name}”?", name=question.name))
    box.setInformativeText(
        ngettext(
            "{count} passage has to be prepared anew ({time}). Until then, the old model searches.",
            "{count} passages have to be prepared anew ({time}). Until then, the old model searches.",
            question.passages,
            count=number_formats.count(question.passages),
            time=number_formats.rough_duration(question.seconds),
        )
    )
    return _open_question(box, tr("Prepare them"), tr("Keep the old model"), answer)


def ask_about_encryption(parent: QWidget, choose: Callable[[], object]) -> QMessageBox:
    """Ask, once, whether the library is to be encrypted on a disk that is not."""
    box = _box(QMessageBox.Icon.Question, tr("Encrypt the library?"), parent)
    box.setText(tr("The disk of this computer does not seem to be encrypted. Encrypt what Papermoor stores?"))
    box.setInformativeText(
        tr("Whoever gets hold of the disk can then not read it. You can also decide later: “Encryption…” in the menu.")
    )
    return _open_question(box, tr("Choose how…"), tr("Not now"), lambda yes: choose() if yes else None)


def ask_ocr_languages(question: OcrLanguageQuestion, parent: QWidget, answer: Callable[[bool], object]) -> QMessageBox:
    """Ask before scanned pages are read again in other languages."""
    box = _box(QMessageBox.Icon.Question, tr("Read scanned pages again?"), parent)
    box.setText(tr("Read scanned pages again, in “{languages}”?", languages=question.languages))
    box.setInformativeText(
        ngettext(
            "{count} page was read in other languages. Reading it again takes {time}; until then it is searched as "
            "it is.",
            "{count} pages were read in other languages. Reading them again takes {time}; until then they are "
            "searched as they are.",
            question.pages_to_read_again.pages,
            count=number_formats.count(question.pages_to_read_again.pages),
            time=number_formats.rough_duration(question.pages_to_read_again.seconds),
        )
    )
    return _open_question(box, tr("Read them again"), tr("Keep them"), answer)


def show_fault(fault: Fault, parent: QWidget) -> QMessageBox:
    """Show a fault that has no place of its own in the window."""
    box = _box(QMessageBox.Icon.Warning, fault_title(fault), parent)
    box.setText(fault_title(fault))
    box.setInformativeText(fault_text(fault))
    box.open()
    return box


def show_notice(text: str, parent: QWidget) -> QMessageBox:
    """Tell once what was found and has been taken care of."""
    box = _box(QMessageBox.Icon.Information, tr("Damaged data was mended"), parent)
    box.setText(tr("Damaged data was mended"))
    box.setInformativeText(text)
    box.open()
    return box


def _box(icon: QMessageBox.Icon, title: str, parent: QWidget) -> QMessageBox:
    box = QMessageBox(icon, title, "", parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)  # names of files are no markup
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return box


def _open_question(box: QMessageBox, yes: str, no: str, answer: Callable[[bool], object]) -> QMessageBox:
    """Add two buttons, yes by default, and call `answer` with the choice; closing the box means no."""
    yes_button = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(yes_button)
    box.finished.connect(lambda result: answer(box.clickedButton() is yes_button))
    box.open()
    return box
