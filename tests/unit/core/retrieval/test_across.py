"""Questions that ask across documents are told from those that one document answers."""

from __future__ import annotations

import pytest

from core.retrieval.across import asks_across


@pytest.mark.parametrize(
    "question",
    [
        "Which contracts mention arbitration?",
        "Which of the long contracts run out this year?",
        "In which documents is the bridge mentioned?",
        "Which files contain the word Harbour?",
        "Compare the reports of 2021 and 2022.",
        "What is the total in all invoices?",
        "Does every lease forbid dogs?",
        "What changed in NVIDIA's quarterly reports?",
        "What is the difference between the two contracts?",
        "What stands in offer-a.pdf, and what in offer-b.pdf.",
        "Is there a deposit in\nthe new contracts?",
        "Quais contratos mencionam arbitragem?",
        "Compare os relatórios de 2021 e 2022.",
        "Qual é o total em todas as faturas?",
        "O que dizem nos relatórios sobre a ponte?",
        "¿Qué contratos mencionan el arbitraje?",
        "¿Cuál es el total en todas las facturas?",
        "Compara los informes de 2021 y 2022.",
        "Welche Verträge erwähnen ein Schiedsgericht?",
        "Was steht in allen Rechnungen?",
        "Vergleiche die Berichte von 2021 und 2022.",
        "Ist in jedem Vertrag eine Frist genannt?",
        "Quels contrats mentionnent l'arbitrage ?",
        "Quel est le total dans toutes les factures ?",
        "Compare les rapports de 2021 et 2022.",
    ],
)
def test_a_question_about_documents_as_a_kind_asks_across(question: str) -> None:
    assert asks_across(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who signed the contract with Acme?",
        "Which documents do I need for a passport?",
        "What does the March report say about the bridge?",
        "How can I digest the content of long PDF documents?",
        "Compare the net sales of 2021 and 2022.",
        "What is shown in the consolidated financial statements?",
        "Where is offer-a.pdf? I mean Offer-A.pdf.",
        "Was steht im Vertrag über die Miete?",
        "Quem assinou o contrato de aluguel?",
        "Que documentos preciso apresentar?",
        "¿Qué documentos necesito?",
        "Quels documents faut-il ?",
        "Quel est le rapport entre les deux ?",
        "",
    ],
)
def test_an_ordinary_question_does_not(question: str) -> None:
    assert not asks_across(question)
